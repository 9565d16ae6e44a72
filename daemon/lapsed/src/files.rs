//! Files are opened so that nothing but a file can be in them.
//!
//! A tenant may write into its folder. A link named `acme.toml` could lead to another tenant's policy, whose
//! lines a finding would then quote; a pipe of that name would hold the daemon until somebody writes into it. So
//! the kernel is asked to resolve the name beneath the folder, without links, and not to wait.

use std::io::Read;
use std::path::{Path, PathBuf};

use lapsed_config::{File, Finding, Unreadable};
use lapsed_model::TenantName;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A tenant's file, whatever it holds.
pub(crate) struct TenantFile {
    /// The stem of the file's name.
    pub(crate) tenant: TenantName,
    /// Its text, or why it has none.
    pub(crate) file: Result<File, Box<Unreadable>>,
}

/// A folder of tenants' files.
pub(crate) struct TenantFolder {
    /// Every `*.toml` that is named like a tenant, in the order of the names.
    pub(crate) files: Vec<TenantFile>,
    /// What else ends in `.toml`, and why it is left out.
    pub(crate) findings: Vec<Unreadable>,
}

/// Every tenant's file of a folder; a folder that cannot be read is a finding of its own.
pub(crate) fn tenants(folder: &Path) -> Result<TenantFolder, Box<Unreadable>> {
    let refuse = |why: &std::io::Error| {
        let help = match why.kind() {
            std::io::ErrorKind::NotFound => {
                "create it, or name another one: `folder` below `[tenants]` in the settings".to_owned()
            }
            _ => format!("the system says: {why}"),
        };
        refused(
            folder,
            Finding::error("the folder of the tenants' files cannot be read").help(help),
        )
    };
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name().into()))
                .collect()
        })
        .map_err(|why| refuse(&why))?;
    names.retain(|name: &PathBuf| {
        name.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    });
    names.sort();
    let mut found = TenantFolder {
        files: Vec::new(),
        findings: Vec::new(),
    };
    for name in names {
        let stem = name
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match stem.parse::<TenantName>() {
            Ok(tenant) if name.extension().is_some_and(|extension| extension == "toml") => {
                found.files.push(TenantFile {
                    tenant,
                    file: open_beneath(folder, &name),
                });
            }
            Ok(_) => found.findings.push(*wrong_name(
                &folder.join(&name),
                "the ending is written `.toml`, in small letters",
            )),
            Err(why) => found
                .findings
                .push(*wrong_name(&folder.join(&name), &why.to_string())),
        }
    }
    Ok(found)
}

/// A file of a folder that others may write into.
pub(crate) fn open_beneath(folder: &Path, name: &Path) -> Result<File, Box<Unreadable>> {
    let path = folder.join(name);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let opened = rustix::fs::open(
        folder,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .and_then(
        |folder| match rustix::fs::openat2(&folder, name, flags, Mode::empty(), within) {
            // A kernel or sandbox without the call: the name has one part, so not following it is the same.
            Err(Errno::NOSYS | Errno::PERM) if name.components().count() == 1 => {
                rustix::fs::openat(&folder, name, flags, Mode::empty())
            }
            result => result,
        },
    );
    match opened {
        Ok(file) => contents(&path, file.into()),
        Err(why) => Err(cannot_open(&path, why)),
    }
}

/// A file of the operator's own: links are the operator's business.
pub(crate) fn open(path: &Path) -> Result<File, Box<Unreadable>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => contents(path, file.into()),
        Err(why) => Err(cannot_open(path, why)),
    }
}

fn contents(path: &Path, file: std::fs::File) -> Result<File, Box<Unreadable>> {
    let kind = rustix::fs::fstat(&file)
        .map_err(|why| cannot_open(path, why))?
        .st_mode;
    match FileType::from_raw_mode(kind) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(refused(path, Finding::error("this is a folder, not a file"))),
        _ => {
            return Err(refused(
                path,
                Finding::error("this is not an ordinary file").help("put a file with the text in its place"),
            ));
        }
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed: a file that grows while it is read is noticed too.
    let most = File::MOST_BYTES as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(|why| {
        refused(
            path,
            Finding::error("the file cannot be read").help(format!("the system says: {why}")),
        )
    })?;
    File::from_bytes(&path.display().to_string(), &bytes)
}

fn cannot_open(path: &Path, why: Errno) -> Box<Unreadable> {
    let finding = match why {
        Errno::NOENT => Finding::error("there is no such file"),
        Errno::LOOP | Errno::XDEV => Finding::error("a link is not followed here")
            .help("put the file itself into the folder: what it says is shown to whoever may write here"),
        Errno::ACCESS => Finding::error("the file may not be read")
            .help("let the user that runs `lapsed` read it, such as with `chgrp lapsed` and `chmod g+r`"),
        why => Finding::error("the file cannot be opened").help(format!("the system says: {why}")),
    };
    refused(path, finding)
}

fn wrong_name(path: &Path, why: &str) -> Box<Unreadable> {
    let finding = Finding::error("this file belongs to no tenant: its name is not one")
        .help(format!("{why}; rename it to something like `stadttheater.toml`"));
    refused(path, finding)
}

fn refused(path: &Path, finding: Finding) -> Box<Unreadable> {
    Box::new(Unreadable {
        file: File::new(&path.display().to_string(), ""),
        finding,
    })
}
