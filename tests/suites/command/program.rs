//! The program, and a folder to run it in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use lapsed_model::{Clock as _, Dialect, SystemClock};
use lapsed_tests::{Master, Place, Platform, demo_on_a_server, dialect};
use serde_json::Value;
use tempfile::TempDir;

/// The program, built from what is on the disk: the suites never run an older one.
pub(crate) static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "lapsed"])
        .status()
        .expect("cargo built this suite, so it is there");
    assert!(built.success(), "the program does not build");
    let suite = std::env::current_exe().expect("a test has a path");
    suite
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps/suite")
        .join("lapsed")
});

/// A demo that was made once; every test gets a copy of its folder and of its store.
static MADE: LazyLock<Made> = LazyLock::new(Made::make);

struct Made {
    folder: TempDir,
    /// None where the store is a file in the folder.
    store: Option<Master>,
}

impl Made {
    fn make() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let demo = folder.path().join("demo");
        let made = Command::new(&*PROGRAM)
            .args(["demo", "--customers", &CUSTOMERS.to_string()])
            .arg(&demo)
            .output()
            .expect("the program runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let store = match dialect() {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(demo_on_a_server(&PROGRAM, &demo, CUSTOMERS)),
        };
        Self { folder, store }
    }
}

/// How many people the demo has.
const CUSTOMERS: i64 = 4_000;

/// This moment, as the store writes it down.
pub(crate) fn now() -> i64 {
    SystemClock.now().timestamp_millis()
}

/// An installation in a folder of its own.
pub(crate) struct Installed {
    folder: TempDir,
    place: Place,
}

/// A connection to an installation's store.
pub(crate) struct Watch {
    runtime: tokio::runtime::Runtime,
    platform: Platform,
}

impl Watch {
    fn first(&mut self, statement: &str) -> lapsed_model::Value {
        let first = self.runtime.block_on(self.platform.first(statement));
        first.unwrap_or(lapsed_model::Value::Null)
    }

    /// The first value of the first row, as text.
    pub(crate) fn text(&mut self, statement: &str) -> String {
        match self.first(statement) {
            lapsed_model::Value::Null => String::new(),
            lapsed_model::Value::Integer(number) => number.to_string(),
            lapsed_model::Value::Real(number) => number.to_string(),
            lapsed_model::Value::Text(text) => text,
        }
    }

    /// The first value of the first row, which is a number.
    pub(crate) fn number(&mut self, statement: &str) -> u64 {
        match self.first(statement) {
            lapsed_model::Value::Integer(number) => number.unsigned_abs(),
            other => panic!("{statement} answers {other:?}, which is no number"),
        }
    }

    /// Something that the platform does.
    pub(crate) fn does<'w, F: Future<Output = ()> + 'w>(&'w mut self, act: impl FnOnce(&'w Platform) -> F) {
        self.runtime.block_on(act(&self.platform));
    }
}

/// What a command answered.
pub(crate) struct Answer {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Installed {
    /// A copy of the demo: two tenants; one workgroup of each is anonymised already, three are not.
    pub(crate) fn demo() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(MADE.folder.path().join("demo"))
            .arg(folder.path())
            .status();
        assert!(copied.expect("cp is everywhere").success());
        let demo = folder.path().join("demo");
        let place = match &MADE.store {
            Some(master) => Place::copy(master, &demo),
            None => Place::File(demo.join("store.db")),
        };
        let installed = Self { folder, place };
        if MADE.store.is_some() {
            installed.keeps_its_store_here();
        }
        installed
    }

    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let place = runtime.block_on(Place::empty(&folder.path().join("demo")));
        Self { folder, place }
    }

    /// Has the settings name this installation's own store.
    pub(crate) fn keeps_its_store_here(&self) {
        let path = self.path("lapsed.toml");
        let settings = std::fs::read_to_string(&path).expect("the settings are there");
        let is_address = |line: &&str| line.starts_with("url = ") || line.starts_with("direct_url = ");
        let (first, rest) = settings.split_once("[store]\n").expect("a store in the settings");
        let (of_store, others) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let kept: Vec<&str> = of_store.lines().filter(|line| !is_address(line)).collect();
        let settings = format!(
            "{first}[store]\n{}\n{}\n\n{others}",
            self.place.settings(),
            kept.join("\n")
        );
        std::fs::write(path, settings).expect("written");
    }

    /// Where its store is kept.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// A path in the demo's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("demo").join(name)
    }

    /// A path beside the demo's folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command `words`, ready to be started.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&*PROGRAM);
        command
            .args(words.split_whitespace())
            .env("LAPSED_CONFIG", self.path("lapsed.toml"))
            .env_remove("CREDENTIALS_DIRECTORY")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Types `lapsed words`.
    pub(crate) fn lapsed(&self, words: &str) -> Answer {
        self.command(words).output().expect("the program runs").into()
    }

    /// Types `lapsed words --json` and reads the objects of its answer, which must succeed.
    pub(crate) fn json(&self, words: &str) -> Vec<Value> {
        let answer = self.lapsed(&format!("{words} --json"));
        assert_eq!(answer.code, 0, "{words}: {}{}", answer.out, answer.err);
        answer.objects()
    }

    /// The one object that `lapsed words --json` answers.
    pub(crate) fn object(&self, words: &str) -> Value {
        let mut objects = self.json(words);
        assert_eq!(objects.len(), 1, "{words} answers one object");
        objects.remove(0)
    }

    /// Stores a plan for a workgroup, approves it if it waits, and answers what the plan said.
    pub(crate) fn approved_plan(&self, workgroup: &str) -> Value {
        let plan = self.object(&format!("plan {workgroup} --save"));
        if plan["plan"]["waits"] == true {
            let id = plan["plan"]["id"].as_str().expect("an id");
            self.object(&format!("approve {id} --by tester --reason looked-at"));
        }
        plan
    }

    /// Runs SQL in the store, behind the program's back; answers the first value of the first row as text.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.watch().text(statement)
    }

    /// A connection of our own to the store.
    pub(crate) fn watch(&self) -> Watch {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        // A connection that is not yet there starts its timers.
        let platform = {
            let _inside = runtime.enter();
            self.place.platform()
        };
        Watch { runtime, platform }
    }

    /// Changes a tenant's policy.
    pub(crate) fn edit(&self, tenant: &str, from: &str, to: &str) {
        let path = self.path(&format!("tenants/{tenant}.toml"));
        let text = std::fs::read_to_string(&path).expect("the policy is there");
        assert!(text.contains(from), "the policy has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).expect("the policy can be written");
    }

    /// Somebody of a workgroup whom its plan would anonymise.
    pub(crate) fn somebody_due(&self, workgroup: &str) -> String {
        let plan = self.object(&format!("plan {workgroup} --customers"));
        plan["customers"][0]["customer"].to_string()
    }
}

impl Answer {
    /// The objects of an answer in JSON.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is an object"))
            .collect()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
