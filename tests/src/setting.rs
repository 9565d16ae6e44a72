//! What kind of world a test asks for.

use std::collections::BTreeMap;

use crate::World;

/// A world in the making. Left alone it is a theatre in Vienna at noon of 22 November 2026 that keeps its customers
/// for three years, with the workgroups `house` and `studio`.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(crate) dataset: String,
    pub(crate) now: String,
    pub(crate) policy: PolicyText,
}

/// A policy by its lines, so that a test names only what matters to it.
#[derive(Clone, Debug)]
pub(crate) struct PolicyText {
    head: BTreeMap<String, String>,
    retention: BTreeMap<String, String>,
    export: BTreeMap<String, String>,
    workgroups: String,
}

impl Default for Setting {
    fn default() -> Self {
        let lines = |lines: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            lines.iter().map(owned).collect()
        };
        Self {
            dataset: "reference".to_owned(),
            now: "2026-11-22T12:00:00Z".to_owned(),
            policy: PolicyText {
                head: lines(&[
                    ("name", "\"Stadttheater\""),
                    ("language", "\"de\""),
                    ("time_zone", "\"Europe/Vienna\""),
                    ("privacy_contact", "\"datenschutz@stadttheater.example\""),
                ]),
                retention: lines(&[
                    ("anonymise_after", "\"3 years\""),
                    ("automatic", "\"on\""),
                    ("by_staff", "true"),
                ]),
                export: BTreeMap::new(),
                workgroups: "[workgroups.house]\n[workgroups.studio]\n".to_owned(),
            },
        }
    }
}

impl Setting {
    /// The dataset and the tables of `tests/datasets/NAME.toml` and `.sql` in place of the reference schema.
    #[must_use]
    pub fn dataset(mut self, name: &str) -> Self {
        name.clone_into(&mut self.dataset);
        self
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(mut self, now: &str) -> Self {
        now.clone_into(&mut self.now);
        self
    }

    /// The tenant's language.
    #[must_use]
    pub fn language(self, code: &str) -> Self {
        self.head("language", code)
    }

    /// The tenant's zone.
    #[must_use]
    pub fn zone(self, zone: &str) -> Self {
        self.head("time_zone", zone)
    }

    fn head(mut self, key: &str, text: &str) -> Self {
        self.policy.head.insert(key.to_owned(), format!("\"{text}\""));
        self
    }

    /// A line of `[retention]`, in place of what stood there under its key.
    #[must_use]
    pub fn says(mut self, line: &str) -> Self {
        self.policy = self.policy.says(line);
        self
    }

    /// A line of `[export]`.
    #[must_use]
    pub fn exports(mut self, line: &str) -> Self {
        let (key, value) = key_and_value(line);
        self.policy.export.insert(key, value);
        self
    }

    /// What follows `[retention]` and `[export]`: the workgroups, with what they say themselves.
    #[must_use]
    pub fn workgroups(mut self, text: &str) -> Self {
        text.clone_into(&mut self.policy.workgroups);
        self
    }

    /// The world.
    pub async fn build(self) -> World {
        World::of(self).await
    }
}

impl PolicyText {
    pub(crate) fn says(mut self, line: &str) -> Self {
        let (key, value) = key_and_value(line);
        self.retention.insert(key, value);
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.retention.remove(key);
        self
    }

    pub(crate) fn text(&self) -> String {
        let lines = |lines: &BTreeMap<String, String>| -> String {
            lines
                .iter()
                .map(|(key, value)| format!("{key} = {value}\n"))
                .collect()
        };
        format!(
            "{}\n[retention]\n{}\n[export]\n{}\n{}",
            lines(&self.head),
            lines(&self.retention),
            lines(&self.export),
            self.workgroups
        )
    }
}

fn key_and_value(line: &str) -> (String, String) {
    let (key, value) = line.split_once('=').expect("a line such as `by_staff = true`");
    (key.trim().to_owned(), value.trim().to_owned())
}
