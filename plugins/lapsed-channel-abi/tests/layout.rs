//! The mirror is true: compilers of C99 and of C++11 are asked where every field lies and what every code is.
//!
//! The list below is complete, or a test fails: the contract has no padding that is not a field (`reserved0`), so what is
//! not listed would leave a gap.

use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

use lapsed_channel_abi::*;

/// A struct of the contract, and its fields in their order: name, offset, size.
struct Struct {
    name: &'static str,
    size: usize,
    fields: Vec<(&'static str, usize, usize)>,
}

macro_rules! layout {
    ($($type:ident as $name:literal { $($field:ident)* })*) => {
        vec![$(Struct {
            name: $name,
            size: size_of::<$type>(),
            fields: vec![$((
                stringify!($field),
                offset_of!($type, $field),
                end_of(0, |it: &$type| &it.$field),
            )),*],
        }),*]
    };
}

fn mirror() -> Vec<Struct> {
    layout! {
        Str as "lapsed_str" { ptr len }
        Config as "lapsed_config" { struct_size reserved0 ctx json get }
        Message as "lapsed_message" {
            struct_size attempt token deadline_ms units_reserved flags id idempotency_key sender recipient subject body
            content_type language template_id template_version template_parameters extra
        }
        Error as "lapsed_error" { struct_size code retry_after_ms json_pointer message }
        HttpHeader as "lapsed_http_header" { name value }
        HttpRequest as "lapsed_http_request" {
            struct_size reserved0 method path query url peer headers header_count body received_at_ms
        }
        SendResult as "lapsed_result" {
            struct_size outcome units_charged reserved0 retry_after_ms provider_ref provider_code detail
        }
        Quote as "lapsed_quote" { struct_size units }
        Event as "lapsed_event" {
            struct_size kind occurred_at_ms value_micros event_id provider_ref from to text code raw
        }
        HttpResponse as "lapsed_http_response" { struct_size status headers header_count body }
        Host as "lapsed_host" {
            struct_size abi ctx log submitting complete emit kv_get kv_put now_ms get_extension
        }
        Channel as "lapsed_channel" {
            struct_size abi manifest validate_config create quote send_batch poll health stop destroy get_extension
        }
        HttpReply as "lapsed_http_reply" { struct_size reserved0 ctx respond }
        Webhook as "lapsed_webhook" { struct_size reserved0 request }
    }
}

macro_rules! codes {
    ($($code:ident)*) => {
        vec![$((concat!("LAPSED_", stringify!($code)), i64::from($code))),*]
    };
}

fn mirrored_codes() -> Vec<(&'static str, i64)> {
    codes! {
        ABI_MAJOR ABI_MINOR ABI OK E_CONFIG E_AUTH E_UNAVAILABLE E_INTERNAL E_NOT_FOUND E_CONFLICT E_TOO_SMALL
        E_STOPPING E_INVALID ACCEPTED DELIVERED REJECTED RETRY UNKNOWN EVENT_DELIVERED EVENT_UNDELIVERED
        EVENT_REPLY EVENT_WITHDRAWN EVENT_BOUNCE EVENT_COMPLAINT EVENT_BALANCE
    }
}

/// What Rust says, one line each.
fn in_rust() -> String {
    let mut says = String::new();
    for Struct { name, size, fields } in mirror() {
        let _ = writeln!(says, "{name} {size}");
        for (field, offset, size) in fields {
            let _ = writeln!(says, "{name}.{field} {offset} {size}");
        }
    }
    for (name, value) in mirrored_codes() {
        let _ = writeln!(says, "{name} {value}");
    }
    let _ = writeln!(says, "{WEBHOOK}");
    says
}

/// A program that says the same by the header, and uses what the header has for authors.
fn program() -> String {
    let mut prints = String::new();
    for Struct { name, fields, .. } in mirror() {
        let _ = writeln!(prints, "  printf(\"{name} %zu\\n\", sizeof({name}));");
        for (field, ..) in fields {
            let _ = writeln!(
                prints,
                "  printf(\"{name}.{field} %zu %zu\\n\", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));"
            );
        }
    }
    for (name, _) in mirrored_codes() {
        let _ = writeln!(prints, "  printf(\"{name} %lld\\n\", (long long){name});");
    }
    format!(
        "#include \"lapsed_channel.h\"\n#include <stdio.h>\n\
         static const lapsed_str text = LAPSED_STR(\"text\");\n\
         int main(void) {{\n\
           lapsed_quote quote = {{ sizeof(lapsed_quote), 1 }};\n\
           if (text.len != 4 || !LAPSED_HAS(&quote, lapsed_quote, units)) return 1;\n\
           quote.struct_size = 7;\n\
           if (LAPSED_HAS(&quote, lapsed_quote, units)) return 2;\n\
         {prints}  printf(\"%s\\n\", LAPSED_WEBHOOK);\n  return 0;\n}}\n"
    )
}

fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|why| panic!("{}: {why}", program.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} {arguments:?}: {}\n{errors}",
        program.display(),
        output.status
    );
    String::from_utf8(output.stdout).expect("it prints ASCII")
}

/// What a compiler says whose warnings are errors.
fn says(compiler: &str, standard: &str, suffix: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(standard);
    std::fs::create_dir_all(&folder).expect("a folder of the test's own");
    let (source, binary) = (folder.join(format!("layout.{suffix}")), folder.join("layout"));
    std::fs::write(&source, program()).expect("a file of the test's own");
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include");
    let standard = format!("-std={standard}");
    let (source, output) = (source.to_string_lossy(), binary.to_string_lossy());
    run(
        Path::new(compiler),
        &[
            &standard,
            "-Wall",
            "-Wextra",
            "-pedantic",
            "-Werror",
            include,
            "-o",
            &output,
            &source,
        ],
    );
    run(&binary, &[])
}

#[test]
fn c_says_the_same() {
    assert_eq!(says("cc", "c99", "c"), in_rust());
}

#[test]
fn cpp_says_the_same() {
    assert_eq!(says("c++", "c++11", "cpp"), in_rust());
}

#[test]
fn no_field_is_missing_in_the_list() {
    for Struct { name, size, fields } in mirror() {
        let mut end = 0;
        for (field, offset, size) in fields {
            assert_eq!(offset, end, "{name}: there is something before `{field}`");
            end = offset + size;
        }
        assert_eq!(end, size, "{name}: there is something behind the last field");
    }
}

#[test]
fn every_code_of_the_header_is_in_the_list() {
    let listed: Vec<_> = mirrored_codes().into_iter().map(|(name, _)| name).collect();
    let defined = HEADER.lines().filter_map(|line| line.strip_prefix("#define "));
    // What takes arguments, is text, or is empty has no number.
    let others = ["LAPSED_CHANNEL_H", "LAPSED_EXPORT", "LAPSED_WEBHOOK"];
    for name in defined.filter_map(|rest| rest.split([' ', '(']).next().map(|name| (name, rest))) {
        let (name, rest) = name;
        let function = rest[name.len()..].starts_with('(');
        assert!(
            function || others.contains(&name) || listed.contains(&name),
            "{name} is not mirrored"
        );
    }
}

#[test]
fn every_struct_of_the_header_is_in_the_list() {
    let listed: Vec<_> = mirror().into_iter().map(|it| it.name).collect();
    let defined = HEADER
        .lines()
        .filter_map(|line| line.strip_prefix("typedef struct "));
    let missing: Vec<_> = defined
        .filter_map(|rest| rest.strip_suffix(" {"))
        .filter(|name| !listed.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
