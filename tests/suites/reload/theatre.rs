//! The demo's theatre with a daemon, and its file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::daemon::{self, Daemon};
use crate::program::{Installed, Watch};

/// Within this an edit is live.
const LIVE_WITHIN: Duration = Duration::from_secs(3);

/// The tenant whose file is edited.
pub(crate) const TENANT: &str = "stadttheater";

/// An installation, its daemon, and a connection to its store.
pub(crate) struct Theatre {
    pub(crate) installed: Installed,
    pub(crate) daemon: Option<Daemon>,
    pub(crate) store: Watch,
    edits: u32,
}

impl Theatre {
    /// The demo, with a daemon that serves it.
    pub(crate) fn serving() -> Self {
        let mut theatre = Self::closed();
        theatre.start();
        theatre
    }

    /// The demo, with no daemon yet.
    pub(crate) fn closed() -> Self {
        let installed = daemon::installed();
        let store = installed.watch();
        Self {
            installed,
            daemon: None,
            store,
            edits: 0,
        }
    }

    pub(crate) fn start(&mut self) {
        self.daemon = Some(Daemon::serving(&self.installed));
    }

    pub(crate) fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("it was started")
    }

    pub(crate) fn stop(&mut self) {
        let ended = self.daemon().stop();
        assert!(ended.success(), "{}", self.daemon().log());
        self.daemon = None;
    }

    /// Adds lines to the settings, in a section that they do not have yet.
    pub(crate) fn settings(&self, lines: &str) {
        let path = self.installed.path("lapsed.toml");
        let settings = std::fs::read_to_string(&path).expect("the settings are there");
        std::fs::write(path, format!("{settings}\n{lines}\n")).expect("the settings can be written");
    }

    /// The tenant's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.installed.path("tenants").join(format!("{TENANT}.toml"))
    }

    /// The text in the tenant's file, changed a little: another one every time.
    pub(crate) fn next_edit(&mut self) -> String {
        self.edits += 1;
        let text = std::fs::read_to_string(self.file()).expect("the policy is there");
        format!("{text}\n# edit {}\n", self.edits)
    }

    /// The text in force for the tenant; nothing, where there is none.
    pub(crate) fn in_force(&mut self) -> String {
        self.store.text(&format!(
            "SELECT p.text FROM lapsed_policy_in_force f JOIN lapsed_policy p USING (tenant, hash) \
             WHERE f.tenant = '{TENANT}'"
        ))
    }

    /// Waits until a text is in force, and not longer than is promised.
    pub(crate) fn is_live(&mut self, text: &str) {
        let began = Instant::now();
        while self.in_force() != text {
            assert!(
                began.elapsed() < LIVE_WITHIN,
                "it is not live: {}",
                self.daemon().log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Every schedule as it stands, but for how far it came.
    pub(crate) fn schedules(&mut self, condition: &str) -> String {
        self.store.text(&format!(
            "SELECT string_agg(concat_ws('|', id, cron, zone, counts_from, next_slot_at IS NULL), ' ' ORDER BY id) \
             FROM lapsed_schedule WHERE {condition}"
        ))
    }
}

/// Writes a new file and puts it in the place of the old one, as most editors do.
pub(crate) fn rename_over(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).expect("written");
    std::fs::rename(new, path).expect("renamed");
}
