//! What is known of every tenant's file, and what follows from one more look.
//!
//! Nothing here reads a file, a clock or the store: looks come in with the time at which they were made, counted from
//! the start of the watch, and out come the files to read and the tenants that are gone. So the rules can be tried to the
//! millisecond:
//!
//! - A file is read when its stamp has stood still for [`QUIET`]: what was saved by half may well be valid TOML.
//!   That also makes the stamp trustworthy: whoever writes after the read writes later than the stamp says.
//! - A tenant is gone when its file was missing for [`GONE_AFTER`]: a folder that is being swapped for another lacks
//!   all of them for a moment, and schedules that end and begin again would lose what they had missed.
//! - While the folder cannot be looked at nothing is known to be missing.
//! - Nor while not one tenant's file is there and several tenants are in force: so looks a folder whose disk is not mounted.

use std::collections::HashMap;
use std::time::Duration;

use lapsed_model::{Digest, TenantName};

use super::look::Stamp;

/// How long a file stands still before it is read.
pub(crate) const QUIET: Duration = Duration::from_millis(300);

/// How long a file is missing before its tenant is gone.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(10);

/// Everything that is known, by the tenant's name. Some 300 bytes a tenant: policies are not kept.
#[derive(Debug, Default)]
pub(crate) struct Table {
    tenants: HashMap<Box<str>, Known>,
    looks: u64,
}

/// One tenant's file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// As it was seen last; none while it is missing.
    stamp: Option<Stamp>,
    /// Since when that is so.
    since: Duration,
    /// As it was when it was read.
    judged: Option<Stamp>,
    /// The last look that saw it.
    seen: u64,
    /// What the store has in force for the tenant.
    pub(crate) in_force: Option<Digest>,
    /// The content that is refused.
    pub(crate) refused: Option<Digest>,
}

/// A file that is to be read, as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whose.
    pub(crate) tenant: TenantName,
    /// As it stood when that was decided: a file that looks different after the read was changed under it.
    pub(crate) stamp: Stamp,
}

/// What follows from a look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Follows {
    /// To be read now.
    pub(crate) read: Vec<Wanted>,
    /// Their policies are no longer in force.
    pub(crate) gone: Vec<TenantName>,
    /// Missing, and not yet for long.
    pub(crate) missing: Vec<TenantName>,
    /// When the first of the files that changed just now will have stood still for long enough.
    pub(crate) settles_at: Option<Duration>,
    /// How many tenants are in force, where the folder has not one of their files, nor anybody's: then nothing follows. None
    /// where there is a file, or a single tenant that may well have gone.
    pub(crate) deserted_by: Option<usize>,
}

impl Table {
    /// What the store had in force before the first look.
    pub(crate) fn in_force(&mut self, tenant: &TenantName, hash: Digest) {
        let known = Known {
            in_force: Some(hash),
            ..Known::default()
        };
        self.tenants.insert(tenant.as_str().into(), known);
    }

    /// A look begins.
    pub(crate) fn begin(&mut self) {
        self.looks += 1;
    }

    /// The look saw this. Answers whether the name can be a tenant's.
    pub(crate) fn see(&mut self, stem: &str, stamp: Stamp, now: Duration) -> bool {
        if let Some(known) = self.tenants.get_mut(stem) {
            known.see(stamp, now, self.looks);
            return true;
        }
        if stem.parse::<TenantName>().is_err() {
            return false;
        }
        let mut known = Known::default();
        known.see(stamp, now, self.looks);
        self.tenants.insert(stem.into(), known);
        true
    }

    /// The look is at its end.
    pub(crate) fn end(&mut self, now: Duration) -> Follows {
        let mut follows = Follows::default();
        let looks = self.looks;
        self.tenants.retain(|_, known| {
            if known.seen != looks && known.stamp.is_some() {
                (known.stamp, known.since) = (None, now);
            }
            // A name that came and went, and never meant anything.
            known.stamp.is_some() || known.means_something()
        });
        follows.deserted_by = self.deserted_by();
        if follows.deserted_by.is_some() {
            self.not_looked(now);
            return follows;
        }
        for (name, known) in &self.tenants {
            known.follow(name, now, &mut follows);
        }
        follows.read.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        follows.gone.sort();
        follows.missing.sort();
        follows
    }

    fn deserted_by(&self) -> Option<usize> {
        let in_force = self.tenants.values().filter(|known| known.in_force.is_some());
        let in_force = in_force.count();
        (in_force > 1 && self.present() == 0).then_some(in_force)
    }

    /// There was no look: the folder cannot be read. What is missing counts as missing from now.
    pub(crate) fn not_looked(&mut self, now: Duration) {
        let missing = self.tenants.values_mut().filter(|known| known.stamp.is_none());
        missing.for_each(|known| known.since = now);
    }

    /// Before the first look of a folder that has other files in it, what is missing counts as gone: there was nothing
    /// before that it could be swapped with, and its schedules must not begin in the meantime.
    pub(crate) fn missing_at_start(&self) -> Vec<TenantName> {
        let any_there = self.tenants.values().any(|known| known.stamp.is_some());
        let missing = self
            .tenants
            .iter()
            .filter(|(_, known)| any_there && known.stamp.is_none());
        let mut names: Vec<TenantName> = missing.filter_map(|(name, _)| name.parse().ok()).collect();
        names.sort();
        names
    }

    /// Everything that is there, for the first time: there is no earlier look that could tell what stands still, so the
    /// time at which a file was written has to, as far as it can be compared with `now_ms`. What was written just now
    /// is left to the next look.
    pub(crate) fn everything(&self, now_ms: i64) -> Vec<Wanted> {
        let settled = |stamp: &Stamp| !was_just_written(stamp, now_ms);
        let there = self.tenants.iter().filter_map(|(name, known)| {
            let stamp = known.stamp.filter(settled)?;
            let tenant = name.parse().ok()?;
            Some(Wanted { tenant, stamp })
        });
        let mut there: Vec<Wanted> = there.collect();
        there.sort_by(|one, other| one.tenant.cmp(&other.tenant));
        there
    }

    /// Whether a file was written just now.
    pub(crate) fn is_being_written(&self, now_ms: i64) -> bool {
        let stamps = self.tenants.values().filter_map(|known| known.stamp);
        stamps.into_iter().any(|stamp| was_just_written(&stamp, now_ms))
    }

    /// One file as it stood at the last look; none where it is missing.
    pub(crate) fn wanted(&self, tenant: &TenantName) -> Option<Wanted> {
        let stamp = self.of(tenant)?.stamp?;
        Some(Wanted {
            tenant: tenant.clone(),
            stamp,
        })
    }

    /// What is known of one tenant.
    pub(crate) fn of(&self, tenant: &TenantName) -> Option<&Known> {
        self.tenants.get(tenant.as_str())
    }

    /// The file was read as it stood in `wanted`: it says what is in force.
    pub(crate) fn took_effect(&mut self, wanted: &Wanted, hash: Digest) {
        if let Some(known) = self.tenants.get_mut(wanted.tenant.as_str()) {
            known.judged = Some(wanted.stamp);
            known.in_force = Some(hash);
            known.refused = None;
        }
    }

    /// The file was read as it stood in `wanted`: this content is refused.
    pub(crate) fn refused(&mut self, wanted: &Wanted, content: Digest) {
        if let Some(known) = self.tenants.get_mut(wanted.tenant.as_str()) {
            known.judged = Some(wanted.stamp);
            known.refused = Some(content);
        }
    }

    /// Nothing is in force any more.
    pub(crate) fn forget(&mut self, tenant: &TenantName) {
        self.tenants.remove(tenant.as_str());
    }

    /// How many tenants have a file.
    pub(crate) fn present(&self) -> usize {
        self.tenants
            .values()
            .filter(|known| known.stamp.is_some())
            .count()
    }

    /// What every tenant's file said when it was taken up.
    pub(crate) fn contents_in_force(&self) -> Vec<(TenantName, Digest)> {
        self.tenants
            .iter()
            .filter_map(|(name, known)| Some((name.parse().ok()?, known.in_force?)))
            .collect()
    }

    /// Whose content is the one in force and was not read as a policy since the start: the operator's limits may say
    /// otherwise by now.
    pub(crate) fn with_content_in_force(&self) -> Vec<TenantName> {
        let in_force = self.tenants.iter().filter(|(_, known)| known.in_force.is_some());
        let mut names: Vec<TenantName> = in_force.filter_map(|(name, _)| name.parse().ok()).collect();
        names.sort();
        names
    }
}

fn was_just_written(stamp: &Stamp, now_ms: i64) -> bool {
    let quiet_ms = i64::try_from(QUIET.as_millis()).unwrap_or(i64::MAX);
    (0..quiet_ms).contains(&now_ms.saturating_sub(stamp.written_at_ms()))
}

impl Known {
    fn see(&mut self, stamp: Stamp, now: Duration, look: u64) {
        if self.stamp != Some(stamp) {
            (self.stamp, self.since) = (Some(stamp), now);
        }
        self.seen = look;
    }

    fn means_something(&self) -> bool {
        self.in_force.is_some() || self.refused.is_some()
    }

    fn follow(&self, name: &str, now: Duration, follows: &mut Follows) {
        let stands_for = now.saturating_sub(self.since);
        let tenant = || name.parse::<TenantName>();
        match self.stamp {
            None if stands_for >= GONE_AFTER => follows.gone.extend(tenant()),
            None => follows.missing.extend(tenant()),
            Some(stamp) if self.judged == Some(stamp) => {}
            Some(stamp) if stands_for >= QUIET => {
                let wanted = tenant().map(|tenant| Wanted { tenant, stamp });
                follows.read.extend(wanted);
            }
            Some(_) => {
                let settles_at = self.since + QUIET;
                let known = follows.settles_at.unwrap_or(settles_at);
                follows.settles_at = Some(known.min(settles_at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Story {
        table: Table,
        folder: tempfile::TempDir,
    }

    impl Story {
        fn new() -> Self {
            Self {
                table: Table::default(),
                folder: tempfile::tempdir().expect("a folder"),
            }
        }

        fn save(&self, name: &str, text: &str) {
            let new = self.folder.path().join("new");
            std::fs::write(&new, text).expect("written");
            std::fs::rename(new, self.folder.path().join(format!("{name}.toml"))).expect("renamed");
        }

        fn remove(&self, name: &str) {
            std::fs::remove_file(self.folder.path().join(format!("{name}.toml"))).expect("removed");
        }

        fn look_at(&mut self, ms: u64) -> Follows {
            let now = Duration::from_millis(ms);
            self.table.begin();
            super::super::look::look(self.folder.path(), |stem, stamp| {
                self.table.see(stem, stamp, now);
            })
            .expect("a folder");
            self.table.end(now)
        }

        fn read(&mut self, follows: &Follows, content: &str) {
            for wanted in &follows.read {
                self.table.took_effect(wanted, Digest::sha256(content));
            }
        }
    }

    #[test]
    fn o1_a_file_is_read_once_and_only_when_it_stands_still() {
        let mut story = Story::new();
        story.save("acme", "one");
        let first = story.look_at(0);
        assert_eq!((first.read.len(), first.settles_at), (0, Some(QUIET)));
        assert_eq!(story.look_at(299).read.len(), 0);
        let read = story.look_at(300);
        assert_eq!(read.read.len(), 1);
        story.read(&read, "one");
        assert_eq!(story.look_at(600), Follows::default());
    }

    #[test]
    fn o1_a_burst_of_saves_is_read_after_its_last() {
        let mut story = Story::new();
        for round in 0..100 {
            story.save("acme", &format!("text {round}"));
            assert!(story.look_at(round * 100).read.is_empty());
        }
        assert_eq!(story.look_at(9_900 + 300).read.len(), 1);
    }

    #[test]
    fn o1_a_read_that_failed_is_asked_for_again() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.look_at(0);
        assert_eq!(story.look_at(400).read.len(), 1);
        assert_eq!(story.look_at(2_400).read.len(), 1);
    }

    #[test]
    fn o1_a_tenant_is_gone_after_ten_seconds_and_not_before() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.look_at(0);
        let read = story.look_at(300);
        story.read(&read, "one");
        story.remove("acme");
        let missing = story.look_at(1_000);
        assert_eq!(missing.missing.len(), 1);
        assert!(missing.gone.is_empty());
        assert!(story.look_at(10_999).gone.is_empty());
        assert_eq!(story.look_at(11_000).gone.len(), 1);
    }

    #[test]
    fn o1_a_folder_that_is_swapped_loses_nobody() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.look_at(0);
        let read = story.look_at(300);
        story.read(&read, "one");
        story.remove("acme");
        story.look_at(1_000);
        story.save("acme", "one");
        assert!(story.look_at(5_000).gone.is_empty());
        assert!(story.look_at(20_000).gone.is_empty());
    }

    #[test]
    fn o1_a_folder_out_of_reach_makes_nobody_go() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.look_at(0);
        let read = story.look_at(300);
        story.read(&read, "one");
        story.remove("acme");
        story.look_at(1_000);
        story.table.not_looked(Duration::from_secs(60));
        assert!(
            story.look_at(60_100).gone.is_empty(),
            "it counts as missing since then"
        );
    }

    #[test]
    fn o1_a_folder_without_a_single_file_makes_nobody_of_several_go() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.save("other", "one");
        story.look_at(0);
        let read = story.look_at(300);
        story.read(&read, "one");
        story.remove("acme");
        story.look_at(1_000);
        story.remove("other");
        let deserted = story.look_at(2_000);
        assert_eq!(deserted.deserted_by, Some(2));
        let much_later = story.look_at(600_000);
        assert_eq!((much_later.gone.len(), much_later.missing.len()), (0, 0));
        story.save("other", "one");
        let there = story.look_at(600_100);
        assert_eq!((there.deserted_by, there.missing.len()), (None, 1));
        assert!(
            story.look_at(609_999).gone.is_empty(),
            "it counts as missing since then"
        );
        let gone = story.look_at(610_000).gone;
        assert_eq!(gone, ["acme".parse().expect("a name")]);
    }

    #[test]
    fn o1_the_only_tenant_may_go() {
        let mut story = Story::new();
        story.save("acme", "one");
        story.look_at(0);
        let read = story.look_at(300);
        story.read(&read, "one");
        story.remove("acme");
        assert_eq!(story.look_at(1_000).deserted_by, None);
        assert_eq!(story.look_at(11_000).gone.len(), 1);
    }

    #[test]
    fn a_missing_file_at_the_start_is_gone_unless_nothing_is_there_at_all() {
        let mut story = Story::new();
        let acme: TenantName = "acme".parse().expect("a name");
        story.table.in_force(&acme, Digest::sha256("one"));
        story.look_at(0);
        assert!(
            story.table.missing_at_start().is_empty(),
            "a folder that is not mounted yet"
        );
        story.save("other", "text");
        story.look_at(10);
        assert_eq!(story.table.missing_at_start(), [acme]);
    }
}
