/* lapsed_channel.h - the contract between lapsed and a message channel, version 1.0
 *
 * A channel is a dynamic library that hands messages to a provider: an SMS centre, a mail server, a printer of letters.
 * lapsed loads it in a child process of its own, tells it which messages to send, and learns from it what became of each.
 * This one header is all that an author needs; it compiles as C99 and as C++11. `plugins/README.md` is the guide,
 * `plugins/example-c` a whole channel in C, and `lapsed channel check` tells whether a library keeps the rules below.
 *
 *     lapsed                                    a channel
 *       lapsed_channel_entry(LAPSED_ABI) ------>  &channel                     once a process
 *       validate_config(config) --------------->  LAPSED_OK, or what is wrong
 *       create(host, config) ------------------>  an instance: one account of one tenant
 *       send_batch(instance, messages) -------->
 *                            <-----------------   host->submitting(token)      just before the bytes leave
 *                            <-----------------   host->complete(token, result) once for each message
 *       poll(instance) ------------------------>  receipts and replies
 *                            <-----------------   host->emit(events)           returns when they are committed
 *       stop(instance), destroy(instance) ----->
 *
 * THE RULES
 *
 *  R1  One symbol is exported, `lapsed_channel_entry`. Everything else has hidden visibility (-fvisibility=hidden).
 *  R2  Every struct begins with `struct_size`: whoever fills a struct in writes sizeof of the struct as it knows it.
 *      Later versions only append fields. Read a field only if LAPSED_HAS says that it is there; a pointer to a
 *      function that is missing or NULL is not called. Structs that may grow travel by pointer or as an array of
 *      POINTERS, so that the distance from one to the next never matters. (lapsed_str never grows.)
 *  R3  Nobody frees what the other side allocated. What lapsed passes is valid until the call returns, and the host
 *      struct until `destroy` returns. What a channel passes to the host is copied before the host's function returns.
 *      What `lapsed_channel_entry` and `get_extension` return is valid for ever. A pointer that crosses the
 *      border is not NULL unless the function says that it may be.
 *  R4  Text is UTF-8, a pointer and a length. What comes from lapsed has a NUL behind its last byte as well (which is
 *      not counted); it may have others inside. An absent text has length 0 and any pointer.
 *  R5  Threads. [main]: calls of this kind never overlap one another. [send]: one call at a time for an instance.
 *      [poll], [hook]: one call at a time for an instance, may run beside [send] and beside each other. [any]: any thread at
 *      any time between the begin of `create` and the return of `destroy`. Calls of different kinds may come from different threads.
 *      A channel may call the host from within any of its functions and from threads of its own; the host calls nothing of the
 *      channel from within a function of its own.
 *  R6  Nothing unwinds or jumps across this border, in either direction: no exception, no panic, no longjmp.
 *  R7  Every token that `send_batch` was given is completed exactly once, in the call or later, before its deadline.
 *      One that is not, lapsed takes for LAPSED_UNKNOWN if `submitting` was called for it, and for LAPSED_RETRY if not.
 *      A second completion is refused with LAPSED_E_CONFLICT and changes nothing.
 *  R8  Numbers have fixed widths. There is no enum, bool, long or bit-field in a struct. An outcome that lapsed does not
 *      know counts as LAPSED_UNKNOWN; events of a kind that it does not know are kept and not acted on; any other unknown
 *      code counts as LAPSED_E_INTERNAL. A channel treats codes that it does not know in the same way.
 *  R9  A channel writes nothing to standard output that matters: both standard streams become log records. It starts no
 *      program, opens no file and no connection that its manifest does not name: the kernel refuses them.
 */
#ifndef LAPSED_CHANNEL_H
#define LAPSED_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LAPSED_ABI_MAJOR 1u
#define LAPSED_ABI_MINOR 0u
#define LAPSED_ABI ((LAPSED_ABI_MAJOR << 16) | LAPSED_ABI_MINOR)

#define LAPSED_EXPORT __attribute__((visibility("default")))

/* Whether the struct behind this pointer is large enough to have the field (R2). */
#define LAPSED_HAS(pointer, type, field) \
  ((pointer)->struct_size >= offsetof(type, field) + sizeof((pointer)->field))

/* Text, or bytes where a field says so (R4). */
typedef struct lapsed_str {
  const char *ptr;
  size_t len;
} lapsed_str;

/* A lapsed_str of a literal, for initialisers. */
#define LAPSED_STR(literal) { (literal), sizeof(literal) - 1 }

/* ------------------------------------------------------------------------------------------------ return codes */

#define LAPSED_OK 0
#define LAPSED_E_CONFIG (-1)      /* the configuration is refused; lapsed_error says where */
#define LAPSED_E_AUTH (-2)        /* the provider refuses our credentials: lapsed pauses the account and tells the operator */
#define LAPSED_E_UNAVAILABLE (-3) /* the provider is out of reach for now; retry_after_ms may say for how long */
#define LAPSED_E_INTERNAL (-4)    /* anything else */
#define LAPSED_E_NOT_FOUND (-5)   /* kv_get, config get: there is no such value */
#define LAPSED_E_CONFLICT (-6)    /* kv_put: the version moved; complete, submitting: this token is completed already */
#define LAPSED_E_TOO_SMALL (-7)   /* the buffer is too small; *len says how many bytes it takes */
#define LAPSED_E_STOPPING (-8)    /* the daemon ends or lost the instance: nothing more is taken */
#define LAPSED_E_INVALID (-9)     /* an argument breaks the rules above; the log says which */

/* ----------------------------------------------------------------------------------------------------- outcomes */

#define LAPSED_ACCEPTED 1  /* the provider took it; whether it arrived follows as an event with the same provider_ref */
#define LAPSED_DELIVERED 2 /* it arrived, known at once */
#define LAPSED_REJECTED 3  /* refused for good: a bad number, a blocked sender, a text that is not allowed */
#define LAPSED_RETRY 4     /* certainly NOT submitted; the same message comes again after retry_after_ms at the earliest */
#define LAPSED_UNKNOWN 5   /* may have been submitted; sent again only where the manifest says "idempotent": true,
                              or once where a message is of the class at-least-once */

/* ------------------------------------------------------------------------------------------- what lapsed passes */

/* An instance's configuration: the operator's, checked against the manifest's schema, with defaults and secrets filled
 * in. Owner: lapsed. Lifetime: until the call that it was passed to returns; copy what is needed later. */
typedef struct lapsed_config {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  lapsed_str json; /* all of it, as one JSON object */
  /* [any] The value at a JSON pointer (RFC 6901), so that C needs no parser: a string as its characters, anything else
   * as JSON. Up to `cap` bytes are written, without a NUL; *len is always set to the value's length (0 if there is none).
   * `buffer` may be NULL where `cap` is 0, to learn how long it is.
   * Returns LAPSED_OK, LAPSED_E_NOT_FOUND, or LAPSED_E_TOO_SMALL (nothing was written). */
  int32_t (*get)(const struct lapsed_config *config, lapsed_str pointer, char *buffer, size_t cap, size_t *len);
} lapsed_config;

/* One message. Owner: lapsed. Lifetime: until send_batch (or quote) returns; a channel that completes later copies what it needs. */
typedef struct lapsed_message {
  uint32_t struct_size;
  uint32_t attempt;           /* 1 for the first */
  uint64_t token;             /* stands for this attempt of this message: hand it to submitting and complete. Not 0 */
  uint64_t deadline_ms;       /* how many milliseconds are left, counted from the call */
  uint32_t units_reserved;    /* what the tenant's credit was reserved for, in the units of `quote` */
  uint32_t flags;             /* none yet: 0 */
  lapsed_str id;              /* the message's own id, for ever the same; ASCII letters, digits and '-', at most 64 */
  lapsed_str idempotency_key; /* the same for every attempt and never of another message: hand it to the provider */
  lapsed_str sender;          /* who it is from, as the channel writes it: a number, a name of 11 letters, an address */
  lapsed_str recipient;       /* whom it goes to: E.164 with its '+', an addr-spec (RFC 5322), or what the channel's kind says */
  lapsed_str subject;         /* absent where the channel has none */
  lapsed_str body;            /* the text as it was frozen when its price was: send exactly this */
  lapsed_str content_type;    /* "text/plain" or "text/html"; the charset is always UTF-8 */
  lapsed_str language;        /* BCP 47, such as "de" */
  lapsed_str template_id;     /* which template the body was made of, for providers that take approved templates only */
  lapsed_str template_version;
  lapsed_str template_parameters; /* a JSON object: the values that were put in */
  lapsed_str extra;               /* a JSON object of what a channel's kind needs besides; at least "{}" */
} lapsed_message;

/* One thing that went wrong. Owner: lapsed; it comes with zeroes and struct_size, and the channel fills in what it knows.
 * Both texts end with a NUL, and lapsed cuts what is longer. */
typedef struct lapsed_error {
  uint32_t struct_size;
  int32_t code;                /* one of LAPSED_E_… */
  uint64_t retry_after_ms;     /* 0: the daemon decides */
  char json_pointer[256];      /* which value of the configuration: "/auth/token" */
  char message[1024];          /* for the operator: what is wrong and what to do. No personal data, no secret */
} lapsed_error;

/* A request that the daemon's listener received for an instance (extension lapsed.webhook/1). Owner: lapsed. Lifetime:
 * until the call returns. Nothing in it was checked: the signature is the channel's to verify, over exactly these bytes. */
typedef struct lapsed_http_header {
  lapsed_str name;  /* in lower case */
  lapsed_str value; /* bytes */
} lapsed_http_header;       /* like lapsed_str, this one never grows */

typedef struct lapsed_http_request {
  uint32_t struct_size;
  uint32_t reserved0;
  lapsed_str method;    /* "POST", "GET", … */
  lapsed_str path;      /* behind the part that names the instance; "" or beginning with '/' */
  lapsed_str query;     /* behind the '?', as it came; absent if there was none */
  lapsed_str url;       /* the whole address as the world writes it: some providers sign it */
  lapsed_str peer;      /* the address that it came from, behind the operator's proxies */
  const lapsed_http_header *headers;
  size_t header_count;
  lapsed_str body;      /* bytes, at most 1 MiB */
  int64_t received_at_ms; /* milliseconds since 1970-01-01T00:00Z */
} lapsed_http_request;

/* ------------------------------------------------------------------------------------------ what a channel passes */

/* What became of one message. Owner: the channel. Lifetime: copied in the call. */
typedef struct lapsed_result {
  uint32_t struct_size;
  int32_t outcome;         /* LAPSED_ACCEPTED … LAPSED_UNKNOWN */
  uint32_t units_charged;  /* what the provider will bill, in the units of `quote`. Above units_reserved: the rest is the operator's */
  uint32_t reserved0;
  uint64_t retry_after_ms; /* with LAPSED_RETRY; 0: the daemon decides */
  lapsed_str provider_ref; /* the provider's id of the message, by which later events name it; at most 256 bytes */
  lapsed_str provider_code;/* "30003"; at most 64 bytes */
  lapsed_str detail;       /* "Unreachable handset"; at most 1,024 bytes. No personal data */
} lapsed_result;

/* How many units a message costs: SMS segments, pages, 1. Owner: lapsed; the channel fills it in. */
typedef struct lapsed_quote {
  uint32_t struct_size;
  uint32_t units; /* at least 1 */
} lapsed_quote;

/* Something that the world told the channel. Owner: the channel. Lifetime: copied in the call. */
#define LAPSED_EVENT_DELIVERED 1   /* provider_ref arrived */
#define LAPSED_EVENT_UNDELIVERED 2 /* provider_ref did not arrive, and will not */
#define LAPSED_EVENT_REPLY 3       /* somebody wrote: `from`, `to`, `text`. What it means for a consent is not the channel's to say */
#define LAPSED_EVENT_WITHDRAWN 4   /* the provider says unmistakably that `from` wants nothing more: a carrier's STOP, list-unsubscribe */
#define LAPSED_EVENT_BOUNCE 5      /* the address `to` does not exist or takes no mail; `code` as the provider writes it */
#define LAPSED_EVENT_COMPLAINT 6   /* `from` complained about us */
#define LAPSED_EVENT_BALANCE 7     /* the account at the provider holds value_micros millionths of its currency */
typedef struct lapsed_event {
  uint32_t struct_size;
  int32_t kind;            /* LAPSED_EVENT_… */
  int64_t occurred_at_ms;  /* by the provider's clock, milliseconds since 1970-01-01T00:00Z; 0: not told */
  int64_t value_micros;
  lapsed_str event_id;     /* the provider's id of this event, or one that is made of all that makes it unique: an account's
                              events with the same id are one. Not empty, at most 256 bytes */
  lapsed_str provider_ref; /* of the message that it is about; absent: none */
  lapsed_str from;
  lapsed_str to;
  lapsed_str text;
  lapsed_str code;
  lapsed_str raw;          /* the original bytes, which are the evidence; at most 1 MiB */
} lapsed_event;

/* An answer to a request (extension lapsed.webhook/1). Owner: the channel. Lifetime: copied in the call. */
typedef struct lapsed_http_response {
  uint32_t struct_size;
  uint32_t status;      /* 200 … 599 */
  const lapsed_http_header *headers; /* content-type, retry-after, www-authenticate; others are left out */
  size_t header_count;
  lapsed_str body;      /* bytes, at most 64 KiB */
} lapsed_http_response;

/* ------------------------------------------------------------------------------------------- functions of lapsed */

/* All that a channel can do to the world that it lives in. One host struct belongs to one instance: one account of one
 * tenant. There is no tenant to name, so none to mix up. Owner: lapsed. Lifetime: from `create` until `destroy` returns.
 * `ctx` is the first argument of every function. */
typedef struct lapsed_host {
  uint32_t struct_size;
  uint32_t abi; /* LAPSED_ABI as the daemon knows it */
  void *ctx;

  /* [any] A record for the operator's log; 0 error, 1 warning, 2 info, 3 debug, 4 trace. `fields` is a JSON object, or absent.
   * No personal data, no secret. */
  void (*log)(void *ctx, int32_t level, lapsed_str message, lapsed_str fields);

  /* [any] Say so just before the message's bytes leave. From then on a crash makes it LAPSED_UNKNOWN instead of LAPSED_RETRY.
   * Saying it twice changes nothing. Returns LAPSED_OK; anything else means do NOT send: LAPSED_E_STOPPING, LAPSED_E_CONFLICT
   * (completed, or past its deadline), LAPSED_E_INVALID (no such token). */
  int32_t (*submitting)(void *ctx, uint64_t token);

  /* [any] What became of a message, exactly once for each token (R7).
   * Returns LAPSED_OK, LAPSED_E_CONFLICT (it is completed, or past its deadline), or LAPSED_E_INVALID: no such token, or
   * LAPSED_ACCEPTED or LAPSED_DELIVERED without `submitting`; such a token stays open. */
  int32_t (*complete)(void *ctx, uint64_t token, const lapsed_result *result);

  /* [any] Hands over what the world told us. Blocks until all of it is committed to the store (LAPSED_OK): only then
   * acknowledge it to the provider. Any other code: nothing is certain; do not acknowledge, let the provider tell it again. */
  int32_t (*emit)(void *ctx, const lapsed_event *const *events, size_t count);

  /* [any] A value that the instance wrote earlier, in another process or years ago: a cursor, a token. Up to `cap` bytes
   * are written to `buffer`, which may be NULL where `cap` is 0; *len and *version are set. Returns LAPSED_OK,
   * LAPSED_E_NOT_FOUND (both are 0), LAPSED_E_TOO_SMALL (nothing was written). Keys have 1 to 128 bytes. */
  int32_t (*kv_get)(void *ctx, lapsed_str key, void *buffer, size_t cap, size_t *len, uint64_t *version);

  /* [any] Writes a value of at most 64 KiB, and it is committed when this returns LAPSED_OK. `expected` is the version that
   * kv_get told, 0 where there was none; if another was faster, LAPSED_E_CONFLICT. With `len` 0 the value goes. */
  int32_t (*kv_put)(void *ctx, lapsed_str key, const void *value, size_t len, uint64_t expected);

  /* [any] The daemon's clock, milliseconds since 1970-01-01T00:00Z. `lapsed channel check` has one that jumps. */
  int64_t (*now_ms)(void *ctx);

  /* [any] More functions of the host, by name; NULL if it has none of this name. Lifetime: as the host struct. */
  const void *(*get_extension)(void *ctx, lapsed_str name);
} lapsed_host;

/* ----------------------------------------------------------------------------------------- functions of a channel */

/* Owner: the channel. Lifetime: for ever. Functions marked "optional" may be NULL. */
typedef struct lapsed_channel {
  uint32_t struct_size;
  uint32_t abi; /* LAPSED_ABI as the channel was built with */

  /* A JSON object that says who this is and what it needs; `plugins/README.md` lists its members. */
  lapsed_str manifest;

  /* [main] optional. Whether this configuration can work, beyond what the manifest's schema says. No connection, no file.
   * Returns LAPSED_OK, or LAPSED_E_CONFIG with `error` filled in. */
  int32_t (*validate_config)(const lapsed_config *config, lapsed_error *error);

  /* [main] Makes an instance and puts its address, which is not NULL, into *instance. It may open connections; better is to
   * open them with the first message, so that a provider that is out of reach holds nothing up.
   * Any other code than LAPSED_OK: there is no instance, and `error` says why. */
  int32_t (*create)(const lapsed_host *host, const lapsed_config *config, lapsed_error *error, void **instance);

  /* [any] optional. What a message costs: the answer depends on the message and the configuration alone, without any
   * connection or file. Without it every message costs 1. `message->token` is 0. */
  int32_t (*quote)(void *instance, const lapsed_message *message, lapsed_quote *quote);

  /* [send] Sends `count` messages, at least 1 and at most the manifest's `max_batch`. Either blocks and completes each one before it returns,
   * or takes them, returns, and completes them later from any thread. With another code than LAPSED_OK whatever was not completed counts as R7 says;
   * LAPSED_E_AUTH and LAPSED_E_UNAVAILABLE are told to the operator and hold the following batches back. */
  int32_t (*send_batch)(void *instance, const lapsed_message *const *messages, size_t count);

  /* [poll] optional. Fetches what the provider has for us and emits it. Blocks for `timeout_ms` at most, then is called again.
   * Returns LAPSED_OK, also where there was nothing; LAPSED_E_AUTH and LAPSED_E_UNAVAILABLE mean what they do in send_batch. */
  int32_t (*poll)(void *instance, uint32_t timeout_ms);

  /* [poll] optional. Whether the provider can be reached with this configuration; costs nothing and sends nothing. */
  int32_t (*health)(void *instance, lapsed_error *error);

  /* [any] send_batch, poll and the others return soon, within a second; what was taken is completed first where that is quick. Never blocks. */
  void (*stop)(void *instance);

  /* [main] The last call on the instance, behind `stop`, when no other is under way. The channel's threads have ended when it returns. */
  void (*destroy)(void *instance);

  /* [any] optional. More functions of the channel, by name: "lapsed.webhook/1". NULL if it has none of this name. */
  const void *(*get_extension)(lapsed_str name);
} lapsed_channel;

/* The only symbol (R1). [main] Called once in a process. Returns NULL if the major version of `host_abi` is not supported;
 * lapsed then tells the operator both versions. */
LAPSED_EXPORT const lapsed_channel *lapsed_channel_entry(uint32_t host_abi);
typedef const lapsed_channel *(*lapsed_channel_entry_fn)(uint32_t host_abi);

/* ------------------------------------------------------------------------------- extension of a channel: webhooks */

/* For providers that call back. The daemon listens, on an address that belongs to the instance alone; the channel in its
 * child process sees the bytes and answers, and never opens a port. Also GET, which some providers send once to see
 * whether the address is ours (a challenge): such a request must change nothing. */
#define LAPSED_WEBHOOK "lapsed.webhook/1"

/* Where the answer goes. Owner: lapsed. Lifetime: until the call of `request` returns. */
typedef struct lapsed_http_reply {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  /* [hook] Exactly once, within the call. Behind an `emit` that returned LAPSED_OK a 200 is honest.
   * Returns LAPSED_OK, LAPSED_E_CONFLICT (answered already) or LAPSED_E_INVALID. */
  int32_t (*respond)(void *ctx, const lapsed_http_response *response);
} lapsed_http_reply;

typedef struct lapsed_webhook {
  uint32_t struct_size;
  uint32_t reserved0;
  /* [hook] One request, to be answered within ten seconds. Returning without an answer, or any code but LAPSED_OK, becomes 500. */
  int32_t (*request)(void *instance, const lapsed_http_request *request, const lapsed_http_reply *reply);
} lapsed_webhook;

#ifdef __cplusplus
}
#endif

#endif
