//! over what there is of one person.

/// What the tenant wants to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) now: i64,
    pub(crate) cut_off: i64,
    pub(crate) keep_people_with_consent: bool,
    pub(crate) article_buyers_too: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) revoked: bool,
    /// For life without.
    pub(crate) ends: Option<i64>,
}

/// What counts of a person. Orders are all of them; everything else leaves cancelled orders, released reservations
/// and cancelled appointments out.
#[derive(Default)]
pub(crate) struct Life {
    pub(crate) created: i64,
    pub(crate) sign_ins: Vec<i64>,
    pub(crate) orders: Vec<i64>,
    pub(crate) purchases: usize,
    /// Start and end.
    pub(crate) tickets: Vec<(i64, i64)>,
    /// When bought, and until when it is good.
    pub(crate) vouchers: Vec<(i64, Option<i64>)>,
    /// When bought, and the event.
    pub(crate) articles: Vec<(i64, Option<(i64, i64)>)>,
    pub(crate) holds: Vec<Membership>,
    pub(crate) pays: Vec<Membership>,
    pub(crate) reservations: Vec<i64>,
    pub(crate) appointments: Vec<i64>,
    pub(crate) consents: usize,
}

impl Life {
    /// R-2, from (a) to (e), and the two rules that go beyond the list.
    pub(crate) fn candidate(&self, asked: &Asked) -> Option<&'static str> {
        let Asked { now, cut_off, .. } = *asked;
        for (_, ended) in &self.tickets {
            if *ended < cut_off {
                return Some("tickets-for-past-events");
            }
        }
        for (bought, _) in &self.vouchers {
            if *bought < cut_off {
                return Some("vouchers-bought");
            }
        }
        for (memberships, expired, revoked) in [
            (&self.holds, "expired-membership", "revoked-membership"),
            (&self.pays, "paid-expired-membership", "paid-revoked-membership"),
        ] {
            for membership in memberships {
                if !membership.revoked && membership.ends.is_some_and(|ends| ends < now) {
                    return Some(expired);
                }
            }
            for membership in memberships {
                if membership.revoked {
                    return Some(revoked);
                }
            }
        }
        if self.created < cut_off && self.purchases == 0 {
            return Some("never-purchased");
        }
        for starts in &self.appointments {
            if *starts < cut_off {
                return Some("past-appointment");
            }
        }
        for (bought, _) in &self.articles {
            if asked.article_buyers_too && self.only_articles() && *bought < cut_off {
                return Some("articles-only");
            }
        }
        None
    }

    /// R-3, from (1) to (11), and the appointment after the cut-off.
    pub(crate) fn kept(&self, asked: &Asked) -> Option<&'static str> {
        let Asked { now, cut_off, .. } = *asked;
        let untied = |(bought, event): &(i64, Option<(i64, i64)>)| event.is_none() && *bought > cut_off;
        let tied = |(_, event): &(i64, Option<(i64, i64)>)| event.is_some_and(|(starts, _)| starts > cut_off);
        let runs = |membership: &Membership| {
            !membership.revoked && membership.ends.is_none_or(|ends| ends > cut_off)
        };
        let good = |(_, until): &(i64, Option<i64>)| until.is_none_or(|until| until > cut_off);
        let after = |instants: &[i64], bound: i64| instants.iter().any(|instant| *instant > bound);
        let list = [
            (
                self.tickets.iter().any(|(starts, _)| *starts > cut_off),
                "event-after-cut-off",
            ),
            (after(&self.reservations, now), "future-reservation"),
            (self.vouchers.iter().any(good), "voucher-still-valid"),
            (self.articles.iter().any(tied), "article-for-later-event"),
            (self.articles.iter().any(untied), "recent-article"),
            (self.holds.iter().any(runs), "running-membership"),
            (self.pays.iter().any(runs), "paid-running-membership"),
            (
                asked.keep_people_with_consent && self.consents > 0,
                "active-consent",
            ),
            (self.created > cut_off, "created-after-cut-off"),
            (after(&self.sign_ins, cut_off), "recent-sign-in"),
            (after(&self.orders, cut_off), "recent-purchase"),
            (after(&self.appointments, cut_off), "recent-appointment"),
        ];
        list.into_iter().find_map(|(keeps, rule)| keeps.then_some(rule))
    }

    /// Whether no time that passes can ever make a candidate: there is nothing that a rule of R-2 could look at.
    pub(crate) fn is_out_of_reach(&self, asked: &Asked) -> bool {
        let had_ends = |memberships: &[Membership]| {
            memberships
                .iter()
                .any(|membership| membership.revoked || membership.ends.is_some())
        };
        let articles = asked.article_buyers_too && self.only_articles() && !self.articles.is_empty();
        self.tickets.is_empty()
            && self.vouchers.is_empty()
            && !had_ends(&self.holds)
            && !had_ends(&self.pays)
            && self.purchases > 0
            && self.appointments.is_empty()
            && !articles
    }

    /// Never a ticket, a voucher or a membership of their own buying.
    fn only_articles(&self) -> bool {
        self.tickets.is_empty() && self.vouchers.is_empty() && self.pays.is_empty()
    }
}
