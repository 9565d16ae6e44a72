//! The concept as a document.

use lapsed_model::IfMissed;
use lapsed_policy::Automatic;

use super::words::{Words, fill};
use super::{Class, Concept, Group, Kept, Kind, LaterFields, Record, Sentence, Terms, Traces};

/// The concept as Markdown, in its language.
#[must_use]
pub fn markdown(concept: &Concept) -> String {
    let words = Words::of(concept.language);
    let mut page = Page::default();
    head(&mut page, concept, words);
    for group in &concept.workgroups {
        workgroups(&mut page, concept, group, words);
    }
    if !concept.without_retention.is_empty() {
        let names = names(&concept.without_retention);
        page.heading(2, &fill(words.h_without_retention, &[("names", &names)]));
        page.paragraph(words.without_retention);
    }
    fields(&mut page, concept, words);
    page.heading(2, words.h_requests);
    page.paragraph(words.requests_intro);
    records(&mut page, &concept.records, words);
    if let Some(left) = &concept.traces {
        traces(&mut page, left, words);
    }
    page.heading(2, words.h_destinations);
    if concept.destinations.is_empty() {
        page.paragraph(words.destinations);
    }
    page.list(&concept.destinations);
    page.0
}

fn head(page: &mut Page, concept: &Concept, words: &Words) {
    let tenant = [
        ("name", concept.name.as_str()),
        ("tenant", concept.tenant.as_str()),
    ];
    page.heading(1, &fill(words.title, &tenant));
    page.paragraph(&fill(words.intro, &tenant));
    let zone: Option<chrono_tz::Tz> = concept.zone.parse().ok();
    let as_of = match zone {
        Some(zone) => concept.as_of.with_timezone(&zone).date_naive(),
        None => concept.as_of.date_naive(),
    };
    let contact = concept.privacy_contact.as_deref();
    let about = [
        (words.controller, escaped(&concept.name)),
        (words.contact, escaped(contact.unwrap_or(words.none_given))),
        (words.as_of, as_of.to_string()),
        (words.zone, concept.zone.clone()),
        (
            words.policy,
            format!("`{}` ({})", concept.policy, standing(concept, zone, words)),
        ),
        (words.dataset, format!("`{}`", concept.dataset)),
    ];
    page.list(&about.map(|(label, value)| format!("**{label}:** {value}")));
    let for_good = match concept.traces {
        Some(_) => words.for_good_server,
        None => words.for_good,
    };
    page.heading(2, words.h_principles);
    page.list(&[
        fill(words.cut_off, &[("zone", &concept.zone)]),
        words.judged_twice.to_owned(),
        for_good.to_owned(),
        words.ledger.to_owned(),
        words.restore.to_owned(),
    ]);
}

/// Whether the policy is in force, and since when by the tenant's clock.
fn standing(concept: &Concept, zone: Option<chrono_tz::Tz>, words: &Words) -> String {
    let Some(since) = concept.in_force_since else {
        return words.policy_not_yet.to_owned();
    };
    let since = since.with_timezone(&zone.unwrap_or(chrono_tz::Tz::UTC));
    let since = since.format("%Y-%m-%d %H:%M").to_string();
    fill(words.policy_since, &[("since", &since)])
}

fn workgroups(page: &mut Page, concept: &Concept, group: &Group, words: &Words) {
    let names = names(&group.workgroups);
    let heading = if group.workgroups.len() == 1 {
        words.h_workgroup
    } else {
        words.h_workgroups
    };
    page.heading(2, &fill(heading, &[("names", &names)]));
    let terms = ways(&group.terms, words);
    page.list(&terms.map(|(label, value)| format!("**{label}:** {value}")));
    classes(page, concept, &group.terms, words);
    page.heading(3, words.h_due);
    page.paragraph(words.due_intro);
    page.list(&sentences(&group.terms.due, words));
    page.heading(3, words.h_kept);
    page.paragraph(words.kept_intro);
    let mut kept = sentences(&group.terms.kept, words);
    kept.push(words.held.to_owned());
    page.list(&kept);
}

/// The period, who may begin, and what slows them.
fn ways(terms: &Terms, words: &Words) -> [(&'static str, String); 6] {
    let missed = match terms.if_missed {
        IfMissed::CatchUp => words.if_missed_catch_up,
        IfMissed::Skip => words.if_missed_skip,
    };
    let automatic = match terms.automatic {
        Automatic::On => words.automatic_on,
        Automatic::PlanOnly => words.automatic_plan_only,
        Automatic::Off => words.automatic_off,
    };
    let allowed = |is_allowed, says: &'static str| if is_allowed { says } else { words.not_allowed };
    let brake = [
        ("number", terms.ask_me_above.to_string()),
        ("share", terms.ask_me_above_share.to_string()),
        ("never", terms.never_wait.to_string()),
    ];
    let brake = brake
        .iter()
        .map(|(gap, value)| (*gap, value.as_str()))
        .collect::<Vec<_>>();
    let warning = terms.warn_customer.map(|ahead| {
        let (ahead, channels) = (words.length(ahead), terms.warn_by.join(", "));
        fill(words.warning_says, &[("period", &ahead), ("channels", &channels)])
    });
    [
        (words.period, words.length(terms.anonymise_after)),
        (
            words.automatic,
            fill(automatic, &[("schedule", &terms.schedule), ("missed", missed)]),
        ),
        (
            words.by_staff,
            allowed(terms.by_staff, words.by_staff_yes).to_owned(),
        ),
        (
            words.by_customer,
            allowed(terms.by_customer, words.by_customer_yes).to_owned(),
        ),
        (words.brake, fill(words.brake_says, &brake)),
        (
            words.warning,
            warning.unwrap_or_else(|| words.no_warning.to_owned()),
        ),
    ]
}

fn classes(page: &mut Page, concept: &Concept, terms: &Terms, words: &Words) {
    let period = words.length(terms.anonymise_after);
    let mut rows = Vec::new();
    for class in &concept.classes {
        let starts = words.starts_last_dealings.to_owned();
        rows.push([
            escaped(&class.name),
            starts,
            period.clone(),
            happens(class, words),
        ]);
        let later = terms.later.iter().filter(|later| later.table == class.table);
        rows.extend(later.map(|later| waiting(class, later, words)));
    }
    for (name, goes) in [
        (words.consents, words.consents_go),
        (words.daemons_own, words.daemons_own_go),
    ] {
        let starts = words.starts_last_dealings.to_owned();
        rows.push([name.to_owned(), starts, period.clone(), goes.to_owned()]);
    }
    page.heading(3, words.h_classes);
    page.table([words.class, words.starts, words.period, words.happens], &rows);
}

fn happens(class: &Class, words: &Words) -> String {
    let has = |verbs: &[&str]| class.fields.values().any(|verb| verbs.contains(verb));
    let says = if class.rows_deleted {
        words.happens_deleted
    } else if class.is_person {
        words.happens_record
    } else if has(&["clear", "empty", "placeholder", "name-marker", "note"]) {
        words.happens_cleared
    } else {
        words.happens_stays
    };
    if has(&["cut"]) {
        format!("{says}; {}", words.happens_cut)
    } else {
        says.to_owned()
    }
}

/// Fields of a class that wait for a period of their own.
fn waiting(class: &Class, later: &LaterFields, words: &Words) -> [String; 4] {
    let name = format!("{}: {}", escaped(&class.name), names(&later.columns));
    let starts = fill(words.starts_at, &[("column", &later.since)]);
    match later.period {
        Some(period) => [name, starts, words.length(period), words.happens_later.to_owned()],
        None => [
            name,
            words.starts_last_dealings.to_owned(),
            "–".to_owned(),
            words.happens_later_with_rest.to_owned(),
        ],
    }
}

fn sentences(sentences: &[Sentence], words: &Words) -> Vec<String> {
    let line = |sentence: &Sentence| match sentence.applies {
        true => escaped(&sentence.says),
        false => format!("~~{}~~ ({})", escaped(&sentence.says), words.switched_off),
    };
    sentences.iter().map(line).collect()
}

fn fields(page: &mut Page, concept: &Concept, words: &Words) {
    page.heading(2, words.h_fields);
    page.paragraph(words.fields_intro);
    for class in &concept.classes {
        page.heading(3, &format!("{} (`{}`)", escaped(&class.name), class.table));
        if class.rows_deleted {
            page.paragraph(words.verb_rows);
            continue;
        }
        let becomes = |verb: &str, says: &str| {
            let fields = class.fields.iter().filter(|(_, becomes)| **becomes == verb);
            let fields: Vec<String> = fields.map(|(field, _)| field.clone()).collect();
            (!fields.is_empty()).then(|| format!("{}: {says}", names(&fields)))
        };
        let note = fill(
            words.verb_note,
            &[("note", concept.language.anonymisation_note())],
        );
        let verbs = [
            ("name-marker", words.verb_name_marker),
            ("note", note.as_str()),
            ("clear", words.verb_clear),
            ("empty", words.verb_empty),
            ("placeholder", words.verb_placeholder),
            ("cut", words.verb_cut),
            ("now", words.verb_now),
            ("keep", words.verb_keep),
        ];
        let lines = verbs.iter().filter_map(|(verb, says)| becomes(verb, says));
        page.list(&lines.collect::<Vec<_>>());
    }
    if !concept.nothing_personal.is_empty() {
        page.heading(3, words.h_nothing_personal);
        let tables = concept.nothing_personal.iter();
        let tables = tables.map(|(table, reason)| format!("`{table}`: {}", escaped(reason)));
        page.list(&tables.collect::<Vec<_>>());
    }
}

fn records(page: &mut Page, records: &[Record], words: &Words) {
    page.heading(2, words.h_records);
    page.paragraph(words.records_intro);
    let row = |record: &Record| {
        let (name, holds) = record_words(record.record, words);
        let kept = match record.kept {
            Kept::For(period) => words.length(period),
            Kept::UntilAnonymised => words.until_anonymised.to_owned(),
            Kept::ForEver => words.for_ever.to_owned(),
        };
        [name.to_owned(), holds.to_owned(), kept]
    };
    let rows: Vec<[String; 3]> = records.iter().map(row).collect();
    page.table([words.record, words.record_holds, words.period], &rows);
}

fn record_words(record: Kind, words: &Words) -> (&'static str, &'static str) {
    match record {
        Kind::Ledger => (words.record_ledger, words.record_ledger_holds),
        Kind::Journal => (words.record_journal, words.record_journal_holds),
        Kind::Plans => (words.record_plans, words.record_plans_holds),
        Kind::Runs => (words.record_runs, words.record_runs_holds),
        Kind::Requests => (words.record_requests, words.record_requests_holds),
        Kind::Holds => (words.record_holds_label, words.record_holds_holds),
        Kind::Exports => (words.record_exports, words.record_exports_holds),
        Kind::Warnings => (words.record_warnings, words.record_warnings_holds),
        Kind::Policies => (words.record_policies, words.record_policies_holds),
    }
}

/// Where bytes of old values live on, and until when.
fn traces(page: &mut Page, traces: &Traces, words: &Words) {
    let backups = traces.backups.map_or_else(
        || words.traces_as_planned.to_owned(),
        |period| fill(words.traces_backups_for, &[("period", &words.length(period))]),
    );
    let log = fill(words.traces_log_until, &[("backups", &backups)]);
    let rows = [
        (words.traces_views, words.traces_views_until.to_owned()),
        (words.traces_pages, words.traces_pages_until.to_owned()),
        (words.traces_log, log),
        (words.traces_replicas, words.traces_replicas_until.to_owned()),
        (words.traces_backups, backups),
    ];
    page.heading(2, words.h_traces);
    page.paragraph(words.traces_intro);
    page.table(
        [words.traces_place, words.traces_until],
        &rows.map(|(place, until)| [place.to_owned(), until]),
    );
}

/// `` `a`, `b` ``.
fn names(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Text of somebody else's, with nothing in it that Markdown would take for its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' | '\r' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A document that grows paragraph by paragraph.
#[derive(Default)]
struct Page(String);

impl Page {
    fn heading(&mut self, level: usize, text: &str) {
        self.paragraph(&format!("{} {text}", "#".repeat(level)));
    }

    fn paragraph(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn list(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
        self.paragraph(&lines.join("\n"));
    }

    fn table<const N: usize>(&mut self, heads: [&str; N], rows: &[[String; N]]) {
        let line = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
        let mut lines = vec![line(heads.to_vec()), line(vec!["---"; N])];
        lines.extend(
            rows.iter()
                .map(|row| line(row.iter().map(String::as_str).collect())),
        );
        self.paragraph(&lines.join("\n"));
    }
}
