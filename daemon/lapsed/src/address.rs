//! `[store] url`: where the store is, and by which database it is kept.

use std::path::{Path, PathBuf};

use lapsed_config::{Complaint, Form, nearest};
use lapsed_store::{Address, Server};

/// The store that the settings in `folder` name. The password is a credential, and comes when the store is opened.
pub(crate) fn read(url: &str, direct: Option<&str>, schema: Option<&str>, folder: &Path) -> Option<Address> {
    if is_server(url) {
        return Some(Address::Server(Server {
            url: url.to_owned(),
            direct: direct.map(str::to_owned),
            password: None,
            schema: schema.unwrap_or(Server::SCHEMA).to_owned(),
        }));
    }
    sqlite_path(url).ok().map(|path| Address::File(folder.join(path)))
}

fn is_server(url: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// What is wrong with an address.
fn check(url: &str) -> Result<(), Complaint> {
    if is_server(url) {
        check_server(url)
    } else {
        sqlite_path(url).map(|_| ())
    }
}

/// What is wrong with the address of a server. A password in it would stand in backups of the settings, in `--json` output
/// and in every log of a refusal.
fn check_server(url: &str) -> Result<(), Complaint> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let role = authority.rsplit_once('@').map(|(role, _)| role);
    if role.is_some_and(|role| role.contains(':')) || url.contains("password=") {
        return Err(Complaint::new(
            "the address holds a password",
            "write it without (`postgres://ROLE@HOST/DATABASE`), and put the password into the credential `store-password`",
        ));
    }
    if url.contains("?schema=") || url.contains("&schema=") {
        return Err(Complaint::new(
            "the address names a schema",
            "take it out; the daemon's own tables go where `schema = \"lapsed\"` says, on a line of its own below `[store]`",
        ));
    }
    check_options(url)?;
    if role.is_none_or(str::is_empty) && !options(url).any(|(name, _)| name == "user") {
        return Err(Complaint::new(
            "the address names no role",
            "write the daemon's role before the host: `\"postgres://lapsed@db.example.org/boxoffice\"`",
        ));
    }
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let database = path.map(|(_, path)| path.split('?').next().unwrap_or_default());
    if database.is_none_or(str::is_empty) && !url.contains("dbname=") {
        return Err(Complaint::new(
            "the address names no database",
            "write the platform's database behind the host: `\"postgres://lapsed@db.example.org/boxoffice\"`",
        ));
    }
    Ok(())
}

/// What stands behind the `?`.
pub(crate) fn options(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let options = url.split_once('?').map_or("", |(_, options)| options);
    options
        .split('&')
        .filter(|option| !option.is_empty())
        .map(|option| option.split_once('=').unwrap_or((option, "")))
}

/// An option that nobody knows would be passed over without a word: `sslmod=verify-full` checks no certificate.
fn check_options(url: &str) -> Result<(), Complaint> {
    const KNOWN: [&str; 11] = [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "application_name",
        "options",
    ];
    const MODES: [&str; 6] = [
        "disable",
        "allow",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ];
    for (name, value) in options(url) {
        let (known, written, what): (&[&str], _, _) = match name {
            "sslmode" => (&MODES, value, "value of `sslmode`"),
            name => (&KNOWN, name, "option"),
        };
        if known.contains(&written) || written.starts_with("options[") {
            continue;
        }
        let help = match nearest(written, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}, or take it out", known.join(", ")),
        };
        return Err(Complaint::new(
            format!("the address has `{written}`, which is no {what}"),
            help,
        ));
    }
    Ok(())
}

/// The file that an address names.
fn sqlite_path(url: &str) -> Result<PathBuf, Complaint> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err(match url.split_once(':') {
            Some((scheme, _)) => match nearest(scheme, ["sqlite", "postgres", "postgresql"]) {
                Some(known) => Complaint::help(format!("did you mean `{known}:`?")),
                None => Complaint::default(),
            },
            None if url.starts_with('/') => Complaint::help(format!("write `\"sqlite://{url}\"`")),
            None => Complaint::help(format!("write `\"sqlite:{url}\"`")),
        });
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        "" => Err(Complaint::new(
            "the address names no file",
            "write the path behind it: `\"sqlite:///var/lib/lapsed/store.db\"`",
        )),
        ":memory:" => Err(Complaint::new(
            "a store in memory is gone when the daemon stops",
            "name a file: `\"sqlite:///var/lib/lapsed/store.db\"`",
        )),
        path if path.contains('?') => Err(Complaint::new(
            "the address has options behind a `?`",
            "write the path alone: the daemon chooses the options that keep the store safe",
        )),
        path => Ok(PathBuf::from(path)),
    }
}

pub(crate) static STORE_URL: Form = Form {
    what: "the address of a store",
    how: "`sqlite:` and a path, such as `sqlite:///var/lib/lapsed/store.db`, or `postgres://ROLE@HOST/DATABASE`",
    example: "sqlite:///var/lib/lapsed/store.db",
    pattern: Some("^(sqlite:[^?]+|postgres(ql)?://.+)$"),
    check,
};

pub(crate) static SERVER_URL: Form = Form {
    what: "the address of a server",
    how: "`postgres://ROLE@HOST/DATABASE`",
    example: "postgres://lapsed@db.example.org:5432/boxoffice",
    pattern: Some("^postgres(ql)?://.+$"),
    check: |url| {
        if is_server(url) {
            check_server(url)
        } else if url.contains("://") || url.starts_with("sqlite:") {
            Err(Complaint::default())
        } else {
            Err(Complaint::help(
                "write it as under `url`: `\"postgres://ROLE@HOST/DATABASE\"`",
            ))
        }
    },
};

/// A schema's name as everybody may write it, without quotes.
pub(crate) static SCHEMA: Form = Form {
    what: "the name of a schema",
    how: "lower-case letters, digits and `_`, such as `lapsed`",
    example: "lapsed",
    pattern: Some("^[a-z_][a-z0-9_]{0,62}$"),
    check: |name| {
        let first = name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let rest = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let reserved = name == "public" || name.starts_with("pg_");
        if reserved {
            return Err(Complaint::new(
                format!("the daemon's tables do not go into `{name}`"),
                "name a schema that is theirs alone, such as `lapsed`; the platform's tables stay where they are",
            ));
        }
        if first && rest && name.len() <= 63 {
            Ok(())
        } else {
            Err(Complaint::default())
        }
    },
};
