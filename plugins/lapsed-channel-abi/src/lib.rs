//! The contract between lapsed and a message channel, as Rust sees it.
//!
//! `include/lapsed_channel.h` is the contract: what a function promises, on which thread it is called, who owns what
//! and for how long stands there and only there. This crate mirrors its types field by field, in the same order and
//! with the same names, and has no dependency; the assertions below hold both to the same sizes, and `tests/layout.rs`
//! asks compilers of C and C++ for the place of every field.
//!
//! Authors of channels in Rust do not need this crate: `lapsed-channel` is the safe side of it.
//!
//! A function that may be missing (R2 of the contract: the struct is too short, or the pointer is NULL) is an `Option`
//! here. Whether the struct is long enough has to be asked with [`has!`] before a field is read.

use core::ffi::c_char;
use core::ffi::c_void;

/// The major version: a library and a daemon of different ones cannot talk.
pub const ABI_MAJOR: u32 = 1;
/// The minor version: it grows with every field and function that is appended.
pub const ABI_MINOR: u32 = 0;
/// Both in one number.
pub const ABI: u32 = (ABI_MAJOR << 16) | ABI_MINOR;
/// The name of the only symbol that a library exports, with its NUL.
pub const ENTRY: &[u8] = b"lapsed_channel_entry\0";
/// The header, as an author's project has it.
pub const HEADER: &str = include_str!("../include/lapsed_channel.h");
/// The form of a manifest, as JSON Schema 2020-12.
pub const MANIFEST_SCHEMA: &str = include_str!("../include/manifest.schema.json");

/// Done.
pub const OK: i32 = 0;
/// The configuration is refused.
pub const E_CONFIG: i32 = -1;
/// The provider refuses our credentials.
pub const E_AUTH: i32 = -2;
/// The provider is out of reach for now.
pub const E_UNAVAILABLE: i32 = -3;
/// Anything else.
pub const E_INTERNAL: i32 = -4;
/// There is no such value.
pub const E_NOT_FOUND: i32 = -5;
/// The version moved, or the token is completed already.
pub const E_CONFLICT: i32 = -6;
/// The buffer is too small; the length says how many bytes it takes.
pub const E_TOO_SMALL: i32 = -7;
/// Nothing more is taken.
pub const E_STOPPING: i32 = -8;
/// An argument breaks the contract.
pub const E_INVALID: i32 = -9;

/// The provider took it.
pub const ACCEPTED: i32 = 1;
/// It arrived.
pub const DELIVERED: i32 = 2;
/// Refused for good.
pub const REJECTED: i32 = 3;
/// Certainly not submitted.
pub const RETRY: i32 = 4;
/// May have been submitted.
pub const UNKNOWN: i32 = 5;

/// A message arrived.
pub const EVENT_DELIVERED: i32 = 1;
/// A message did not arrive, and will not.
pub const EVENT_UNDELIVERED: i32 = 2;
/// Somebody wrote.
pub const EVENT_REPLY: i32 = 3;
/// Somebody wants nothing more, says the provider.
pub const EVENT_WITHDRAWN: i32 = 4;
/// An address takes no mail.
pub const EVENT_BOUNCE: i32 = 5;
/// Somebody complained about us.
pub const EVENT_COMPLAINT: i32 = 6;
/// What the account at the provider holds.
pub const EVENT_BALANCE: i32 = 7;

/// The name of the extension for providers that call back.
pub const WEBHOOK: &str = "lapsed.webhook/1";

/// `lapsed_str`: text, or bytes where a field says so.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Str {
    /// Where it begins; anything at all if the length is 0.
    pub ptr: *const c_char,
    /// How many bytes it has.
    pub len: usize,
}

impl Str {
    /// No text.
    pub const EMPTY: Self = Self {
        ptr: c"".as_ptr(),
        len: 0,
    };

    /// A view of bytes that live as long as the call that it is passed to (R3).
    #[must_use]
    pub const fn of(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr().cast(),
            len: bytes.len(),
        }
    }

    /// The bytes.
    ///
    /// # Safety
    /// The pointer and the length are those of bytes that stay as they are for the lifetime `'a`: what the other side of the contract passed is,
    /// until the call returns (R3).
    #[must_use]
    pub const unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the caller's promise, and an absent text was answered above.
        unsafe { core::slice::from_raw_parts(self.ptr.cast(), self.len) }
    }
}

/// `lapsed_config`: an instance's configuration.
#[repr(C)]
pub struct Config {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 0.
    pub reserved0: u32,
    /// The host's.
    pub ctx: *mut c_void,
    /// All of it, one JSON object.
    pub json: Str,
    /// The value at a JSON pointer.
    pub get: Option<unsafe extern "C" fn(*const Self, Str, *mut c_char, usize, *mut usize) -> i32>,
}

/// `lapsed_message`: one message.
#[repr(C)]
pub struct Message {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 1 for the first.
    pub attempt: u32,
    /// Stands for this attempt of this message.
    pub token: u64,
    /// Milliseconds left, counted from the call.
    pub deadline_ms: u64,
    /// What the tenant's credit was reserved for.
    pub units_reserved: u32,
    /// 0.
    pub flags: u32,
    /// The message's own id.
    pub id: Str,
    /// The same for every attempt.
    pub idempotency_key: Str,
    /// Who it is from.
    pub sender: Str,
    /// Whom it goes to.
    pub recipient: Str,
    /// Absent where the channel has none.
    pub subject: Str,
    /// The frozen text.
    pub body: Str,
    /// `text/plain` or `text/html`.
    pub content_type: Str,
    /// BCP 47.
    pub language: Str,
    /// Which template the body was made of.
    pub template_id: Str,
    /// Which version of it.
    pub template_version: Str,
    /// A JSON object of the values that were put in.
    pub template_parameters: Str,
    /// A JSON object of what a channel's kind needs besides.
    pub extra: Str,
}

/// `lapsed_error`: what went wrong.
#[repr(C)]
pub struct Error {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// One of `E_…`.
    pub code: i32,
    /// 0: the daemon decides.
    pub retry_after_ms: u64,
    /// Which value of the configuration; ends with a NUL.
    pub json_pointer: [u8; 256],
    /// For the operator; ends with a NUL.
    pub message: [u8; 1024],
}

/// `lapsed_http_header`: a line of a request or an answer. Never grows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HttpHeader {
    /// In lower case.
    pub name: Str,
    /// Bytes.
    pub value: Str,
}

/// `lapsed_http_request`: what a provider sent us.
#[repr(C)]
pub struct HttpRequest {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 0.
    pub reserved0: u32,
    /// `POST`, `GET`, …
    pub method: Str,
    /// Behind the part that names the instance.
    pub path: Str,
    /// Behind the `?`.
    pub query: Str,
    /// The whole address as the world writes it.
    pub url: Str,
    /// Where it came from.
    pub peer: Str,
    /// The first of the headers.
    pub headers: *const HttpHeader,
    /// How many there are.
    pub header_count: usize,
    /// Bytes.
    pub body: Str,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub received_at_ms: i64,
}

/// `lapsed_result`: what became of one message.
#[repr(C)]
pub struct SendResult {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// [`ACCEPTED`] … [`UNKNOWN`].
    pub outcome: i32,
    /// What the provider will bill.
    pub units_charged: u32,
    /// 0.
    pub reserved0: u32,
    /// With [`RETRY`]; 0: the daemon decides.
    pub retry_after_ms: u64,
    /// The provider's id of the message.
    pub provider_ref: Str,
    /// The provider's code.
    pub provider_code: Str,
    /// The provider's words.
    pub detail: Str,
}

/// `lapsed_quote`: what a message costs.
#[repr(C)]
pub struct Quote {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// At least 1.
    pub units: u32,
}

/// `lapsed_event`: something that the world told the channel.
#[repr(C)]
pub struct Event {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// One of `EVENT_…`.
    pub kind: i32,
    /// By the provider's clock; 0: not told.
    pub occurred_at_ms: i64,
    /// Millionths of the account's currency.
    pub value_micros: i64,
    /// What makes it unique in its account.
    pub event_id: Str,
    /// The message that it is about.
    pub provider_ref: Str,
    /// Who it is from.
    pub from: Str,
    /// Whom it went to.
    pub to: Str,
    /// What somebody wrote.
    pub text: Str,
    /// The provider's code.
    pub code: Str,
    /// The original bytes.
    pub raw: Str,
}

/// `lapsed_http_response`: the answer to a provider.
#[repr(C)]
pub struct HttpResponse {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 200 … 599.
    pub status: u32,
    /// The first of the headers.
    pub headers: *const HttpHeader,
    /// How many there are.
    pub header_count: usize,
    /// Bytes.
    pub body: Str,
}

/// `lapsed_host`: all that a channel can do to the world that it lives in.
#[repr(C)]
pub struct Host {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// The contract as the daemon knows it.
    pub abi: u32,
    /// The first argument of every function.
    pub ctx: *mut c_void,
    /// A record for the operator's log.
    pub log: Option<unsafe extern "C" fn(*mut c_void, i32, Str, Str)>,
    /// Just before the bytes leave.
    pub submitting: Option<unsafe extern "C" fn(*mut c_void, u64) -> i32>,
    /// What became of a message.
    pub complete: Option<unsafe extern "C" fn(*mut c_void, u64, *const SendResult) -> i32>,
    /// What the world told us.
    pub emit: Option<unsafe extern "C" fn(*mut c_void, *const *const Event, usize) -> i32>,
    /// A value that was written earlier.
    pub kv_get:
        Option<unsafe extern "C" fn(*mut c_void, Str, *mut c_void, usize, *mut usize, *mut u64) -> i32>,
    /// Writes a value.
    pub kv_put: Option<unsafe extern "C" fn(*mut c_void, Str, *const c_void, usize, u64) -> i32>,
    /// The daemon's clock.
    pub now_ms: Option<unsafe extern "C" fn(*mut c_void) -> i64>,
    /// More functions, by name.
    pub get_extension: Option<unsafe extern "C" fn(*mut c_void, Str) -> *const c_void>,
}

/// `lapsed_channel`: what a library is.
#[repr(C)]
pub struct Channel {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// The contract as the library was built with.
    pub abi: u32,
    /// Who this is and what it needs, one JSON object.
    pub manifest: Str,
    /// Whether a configuration can work.
    pub validate_config: Option<unsafe extern "C" fn(*const Config, *mut Error) -> i32>,
    /// Makes an instance.
    pub create: Option<unsafe extern "C" fn(*const Host, *const Config, *mut Error, *mut *mut c_void) -> i32>,
    /// What a message costs.
    pub quote: Option<unsafe extern "C" fn(*mut c_void, *const Message, *mut Quote) -> i32>,
    /// Sends messages.
    pub send_batch: Option<unsafe extern "C" fn(*mut c_void, *const *const Message, usize) -> i32>,
    /// Fetches what the provider has for us.
    pub poll: Option<unsafe extern "C" fn(*mut c_void, u32) -> i32>,
    /// Whether the provider can be reached.
    pub health: Option<unsafe extern "C" fn(*mut c_void, *mut Error) -> i32>,
    /// The others return soon.
    pub stop: Option<unsafe extern "C" fn(*mut c_void)>,
    /// The last call.
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    /// More functions, by name.
    pub get_extension: Option<unsafe extern "C" fn(Str) -> *const c_void>,
}

/// `lapsed_channel_entry`: the only symbol.
pub type Entry = unsafe extern "C" fn(u32) -> *const Channel;

/// `lapsed_http_reply`: where the answer goes.
#[repr(C)]
pub struct HttpReply {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 0.
    pub reserved0: u32,
    /// The first argument.
    pub ctx: *mut c_void,
    /// Exactly once, within the call.
    pub respond: Option<unsafe extern "C" fn(*mut c_void, *const HttpResponse) -> i32>,
}

/// `lapsed_webhook`: the extension for providers that call back.
#[repr(C)]
pub struct Webhook {
    /// What `sizeof` was for whoever filled it in.
    pub struct_size: u32,
    /// 0.
    pub reserved0: u32,
    /// One request, to be answered within ten seconds.
    pub request: Option<unsafe extern "C" fn(*mut c_void, *const HttpRequest, *const HttpReply) -> i32>,
}

/// Whether the struct behind a pointer is large enough to have a field (R2): `LAPSED_HAS` of the header. To be called in
/// an `unsafe` block, for the pointer's first four bytes are read: every struct that may grow begins with its size.
///
/// ```
/// # use lapsed_channel_abi::{Host, has};
/// # fn look(host: *const Host) {
/// // SAFETY: the host struct is valid until `destroy` returns (R3).
/// let tells_the_time = unsafe { has!(host, Host, now_ms) && (*host).now_ms.is_some() };
/// # }
/// ```
#[macro_export]
macro_rules! has {
    ($pointer:expr, $type:ty, $field:ident) => {{
        let pointer: *const $type = $pointer;
        $crate::end_of(::core::mem::offset_of!($type, $field), |it: &$type| &it.$field)
            <= pointer.cast::<u32>().read() as usize
    }};
}

/// Where a field ends that begins at an offset; a function that borrows it tells how large it is. For [`has!`].
#[doc(hidden)]
#[must_use]
pub const fn end_of<T, F>(offset: usize, _: fn(&T) -> &F) -> usize {
    offset + core::mem::size_of::<F>()
}

// What a C compiler says on a machine with 64 bits (`tests/layout.rs` asks one). A struct that grows gets a new line here, and
// a fixture that was compiled before it grew.
#[cfg(target_pointer_width = "64")]
const _: () = {
    use core::mem::size_of;
    assert!(size_of::<Str>() == 16);
    assert!(size_of::<Config>() == 40);
    assert!(size_of::<Message>() == 224);
    assert!(size_of::<Error>() == 1296);
    assert!(size_of::<HttpHeader>() == 32);
    assert!(size_of::<HttpRequest>() == 128);
    assert!(size_of::<SendResult>() == 72);
    assert!(size_of::<Quote>() == 8);
    assert!(size_of::<Event>() == 136);
    assert!(size_of::<HttpResponse>() == 40);
    assert!(size_of::<Host>() == 80);
    assert!(size_of::<Channel>() == 96);
    assert!(size_of::<HttpReply>() == 24);
    assert!(size_of::<Webhook>() == 16);
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A quote as a daemon of long ago might have passed it.
    const fn quote_of(struct_size: usize) -> Quote {
        Quote {
            struct_size: struct_size as u32,
            units: 1,
        }
    }

    #[test]
    fn a_field_is_there_when_all_of_it_is() {
        for (size, there) in [(4, false), (7, false), (8, true), (800, true)] {
            let quote = quote_of(size);
            // SAFETY: a quote of our own.
            assert_eq!(unsafe { has!(&raw const quote, Quote, units) }, there, "{size}");
        }
    }

    #[test]
    fn the_size_itself_is_always_there() {
        let quote = quote_of(4);
        // SAFETY: a quote of our own.
        assert!(unsafe { has!(&raw const quote, Quote, struct_size) });
    }

    #[test]
    fn text_comes_back_as_it_was() {
        // SAFETY: literals live for ever.
        let (absent, text) = unsafe { (Str::EMPTY.bytes(), Str::of(b"a\0b").bytes()) };
        assert_eq!((absent, text), (&b""[..], &b"a\0b"[..]));
    }

    #[test]
    fn an_absent_text_may_have_any_pointer() {
        let nowhere = Str {
            ptr: core::ptr::null(),
            len: 0,
        };
        // SAFETY: it has no bytes.
        assert_eq!(unsafe { nowhere.bytes() }, b"");
    }
}
