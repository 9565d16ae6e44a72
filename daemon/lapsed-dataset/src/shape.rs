//! What may stand in a dataset file: the one description that findings and the editors' schema follow from.

use lapsed_config::{Key, Kind, Shape};

const INSTANTS: Kind = Kind::Words(&[
    ("milliseconds", "a number of milliseconds since 1970, UTC"),
    ("seconds", "a number of seconds since 1970, UTC"),
    ("iso8601", "ISO 8601 text; UTC where it has no offset"),
    (
        "timestamptz",
        "PostgreSQL's timestamp with time zone; UTC for one without",
    ),
    ("date", "a date or its ISO 8601 text, by the tenant's calendar"),
]);

const COLUMN_VERB: Kind = Kind::Words(&[
    ("keep", "it stays"),
    ("clear", "it becomes null"),
    ("empty", "it becomes the empty text"),
    ("placeholder", "it becomes unique and meaningless"),
    ("cut", "it becomes null, and with it the link to the person"),
    ("now", "it becomes the instant of erasure"),
    ("name-marker", "it becomes DSGVO or Manuell DSGVO"),
    ("note", "it becomes the note that the record was anonymised"),
]);

const COLUMNS: Kind = Kind::Map {
    names: "a column of the table",
    each: &COLUMN_VERB,
};

/// One text for everybody, or one per language; the examples are what an editor offers.
macro_rules! in_languages {
    ($doc:literal, $en:literal, $de:literal, $fr:literal, $it:literal, $es:literal, $bg:literal) => {
        Kind::Either(&[
            Kind::Text,
            Kind::Table(&Shape {
                doc: $doc,
                keys: &[
                    Key::new("en", Kind::Text, concat!("\"", $en, "\""), "In English."),
                    Key::new("de", Kind::Text, concat!("\"", $de, "\""), "In German."),
                    Key::new("fr", Kind::Text, concat!("\"", $fr, "\""), "In French."),
                    Key::new("it", Kind::Text, concat!("\"", $it, "\""), "In Italian."),
                    Key::new("es", Kind::Text, concat!("\"", $es, "\""), "In Spanish."),
                    Key::new("bg", Kind::Text, concat!("\"", $bg, "\""), "In Bulgarian."),
                ],
            }),
        ])
    };
}

const SENTENCE: Kind = in_languages!(
    "One sentence per language.",
    "bought vouchers before the cut-off",
    "hat vor dem Stichtag Gutscheine gekauft",
    "a acheté des bons avant la date limite",
    "ha acquistato buoni prima della data limite",
    "compró vales antes de la fecha límite",
    "купи ваучери преди крайната дата"
);

const CLASS: Kind = in_languages!(
    "One name per language.",
    "Orders",
    "Bestellungen",
    "Commandes",
    "Ordini",
    "Pedidos",
    "Поръчки"
);

const ABOUT: Kind = in_languages!(
    "One sentence per language.",
    "Your orders.",
    "Ihre Bestellungen.",
    "Vos commandes.",
    "I suoi ordini.",
    "Sus pedidos.",
    "Вашите поръчки."
);

const COLUMN_ABOUT: Kind = in_languages!(
    "One description per language.",
    "Number of the order",
    "Nummer der Bestellung",
    "Numéro de la commande",
    "Numero dell’ordine",
    "Número del pedido",
    "Номер на поръчката"
);

const RULE: Shape = Shape {
    doc: "A rule over one fact. The first one that holds is the one that plans name.",
    keys: &[
        Key::required(
            "rule",
            Kind::Text,
            "\"vouchers-bought\"",
            "Its name in plans and in the ledger.",
        ),
        Key::required(
            "says",
            SENTENCE,
            "\"bought vouchers before the cut-off\"",
            "How it reads behind a person's name.",
        ),
        Key::required("fact", Kind::Text, "\"voucher_bought\"", "The fact it looks at."),
        Key::required(
            "is",
            Kind::Words(&[
                ("before cut-off", "it lies before the cut-off"),
                ("after cut-off", "it lies after the cut-off"),
                ("before now", "it lies in the past"),
                ("after now", "it lies in the future"),
                ("present", "it happened at all"),
            ]),
            "\"before cut-off\"",
            "How its instant compares; always strictly.",
        ),
        Key::new(
            "without",
            Kind::List(&Kind::Text),
            "[\"valid_purchase\"]",
            "And nothing ever happened of these facts.",
        ),
        Key::new(
            "switch",
            Kind::Words(&[
                ("keep_people_with_consent", "R-3.8"),
                ("article_buyers_too", "people who only ever bought articles"),
            ]),
            "\"article_buyers_too\"",
            "The policy's key that turns the rule on or off.",
        ),
    ],
};

const SUBJECT: Shape = Shape {
    doc: "The table with one row per person.",
    keys: &[
        Key::required("table", Kind::Text, "\"customers\"", "Its name."),
        Key::new(
            "class",
            CLASS,
            "\"Orders\"",
            "What the deletion concept calls these data; left out, the table's name.",
        ),
        Key::required("key", Kind::Text, "\"id\"", "The column that tells people apart."),
        Key::required(
            "workgroup",
            Kind::Either(&[
                Kind::Text,
                Kind::Table(&Shape {
                    doc: "A query that knows everybody's workgroup.",
                    keys: &[Key::required(
                        "query",
                        Kind::Text,
                        "\"SELECT … AS subject, … AS workgroup FROM …\"",
                        "A query of (subject, workgroup).",
                    )],
                }),
            ]),
            "\"workgroup\"",
            "The column with the store's key of the workgroup, or a query.",
        ),
        Key::new(
            "created_at",
            Kind::Text,
            "\"created_at\"",
            "The column with the instant of creation: part of every pseudonym.",
        ),
        Key::new(
            "erased_at",
            Kind::Text,
            "\"anonymised_at\"",
            "The column that is null while the person can be identified.",
        ),
        Key::new(
            "language",
            Kind::Text,
            "\"language\"",
            "The column with the person's language.",
        ),
        Key::new(
            "contact",
            Kind::Map {
                names: "a channel",
                each: &Kind::Text,
            },
            "{ email = \"email\" }",
            "One column per channel that addresses it.",
        ),
        Key::new(
            "find",
            Kind::List(&Kind::Text),
            "[\"number\", \"email\"]",
            "The columns that `lapsed find` searches and shows.",
        ),
        Key::required(
            "columns",
            COLUMNS,
            "[subject.columns]",
            "What erasing does to EVERY column.",
        ),
    ],
};

const RELATED: Shape = Shape {
    doc: "Rows of another table that belong to a person.",
    keys: &[
        Key::required("table", Kind::Text, "\"web_users\"", "The table."),
        Key::new(
            "class",
            CLASS,
            "\"Orders\"",
            "What the deletion concept calls these data; left out, the table's name.",
        ),
        Key::new("key", Kind::Text, "\"id\"", "The column that `row` names.").or("\"id\""),
        Key::required(
            "rows",
            Kind::Either(&[Kind::Text, Kind::List(&Kind::Text)]),
            "\"SELECT id AS row, customer_id AS subject FROM web_users\"",
            "One or several queries of (row, subject).",
        ),
        Key::required(
            "erase",
            Kind::Words(&[
                ("columns", "the rows stay, and each column has its own rule"),
                ("rows", "the rows are deleted"),
            ]),
            "\"columns\"",
            "What becomes of the rows.",
        ),
        Key::new(
            "columns",
            COLUMNS,
            "[related.columns]",
            "What erasing does to EVERY column.",
        ),
        Key::new(
            "later",
            Kind::Table(&Shape {
                doc: "Columns that wait for a period of the policy's (R-8).",
                keys: &[
                    Key::required("columns", Kind::List(&Kind::Text), "[\"invoice_name\"]", "Which."),
                    Key::required(
                        "period",
                        Kind::Words(&[("keep_invoice_recipients", "the bookkeeping period")]),
                        "\"keep_invoice_recipients\"",
                        "The policy's key for the period.",
                    ),
                    Key::required(
                        "since",
                        Kind::Text,
                        "\"ordered_at\"",
                        "The column with the instant that the period counts from.",
                    ),
                ],
            }),
            "[related.later]",
            "Columns that wait for a period of the policy's (R-8).",
        ),
    ],
};

const FACT: Shape = Shape {
    doc: "A query of (subject, at, record), with what is special about its instants.",
    keys: &[
        Key::required(
            "query",
            Kind::Text,
            "\"SELECT … AS subject, … AS at, … AS record FROM …\"",
            "The query.",
        ),
        Key::new(
            "instants",
            INSTANTS,
            "\"date\"",
            "How it writes instants, where it differs from the rest.",
        ),
        Key::new(
            "null",
            Kind::Words(&[(
                "never ends",
                "an empty instant is an end that never comes: it keeps",
            )]),
            "\"never ends\"",
            "What an empty instant means; it matches no rule where this is left out.",
        ),
        Key::new(
            "a_date_is",
            Kind::Words(&[
                ("the start of the day", "something began or happened"),
                ("the end of the day", "something ends with that day"),
            ]),
            "\"the end of the day\"",
            "What a date without a time stands for.",
        ),
    ],
};

const HOLDABLE: Shape = Shape {
    doc: "A kind of record that a legal hold can be placed on: whoever it leads to is not anonymised.",
    keys: &[
        Key::required(
            "name",
            Kind::Text,
            "\"order\"",
            "What staff call such a record when they place a hold on one.",
        ),
        Key::required(
            "rows",
            Kind::Text,
            "\"SELECT number AS record, customer_id AS subject FROM orders\"",
            "A query of (record, subject); `record` is what staff call the record by.",
        ),
    ],
};

const EXPORT: Shape = Shape {
    doc: "One file of a person's export (X-1), and perhaps of the whole workgroup's (X-3).",
    keys: &[
        Key::required("file", Kind::Text, "\"orders.csv\"", "Its name in the archive."),
        Key::required(
            "about",
            ABOUT,
            "\"Your orders.\"",
            "What it is, for whoever opens it.",
        ),
        Key::required(
            "query",
            Kind::Text,
            "\"SELECT customer_id AS subject, number FROM orders\"",
            "What goes into it; `subject` picks the rows of one person.",
        ),
        Key::new(
            "covers",
            Kind::List(&Kind::Text),
            "[\"form_answers.value\"]",
            "Columns that come out through an expression.",
        ),
        Key::new(
            "others",
            Kind::List(&Kind::Text),
            "[\"holder_name\"]",
            "Columns with names and answers of other people; in rows whose `is_other` is 0 they are the person's own.",
        ),
        Key::new(
            "instants",
            Kind::List(&Kind::Either(&[
                Kind::Text,
                Kind::Table(&Shape {
                    doc: "A column whose instants are written in a way of their own.",
                    keys: &[
                        Key::required("column", Kind::Text, "\"paid_on\"", "Which."),
                        Key::required("instants", INSTANTS, "\"date\"", "How it writes instants."),
                    ],
                }),
            ])),
            "[\"ordered_at\"]",
            "Columns with instants: they are shown as dates.",
        ),
        Key::new(
            "workgroup",
            Kind::YesNo,
            "true",
            "Whether there is such a file of a whole workgroup, too.",
        )
        .or("false"),
        Key::new(
            "columns",
            Kind::Map {
                names: "a column of the file",
                each: &COLUMN_ABOUT,
            },
            "columns.number.en = \"Number of the order\"",
            "What its columns are, where that differs from `[exported]`.",
        ),
    ],
};

/// What may stand in a dataset file.
pub static DATASET_SHAPE: Shape = Shape {
    doc: "Where personal data lives in the store, and which happenings make a customer due or keep one.",
    keys: &[
        Key::required("dataset", Kind::Text, "\"reference\"", "Its name."),
        Key::new(
            "instants",
            INSTANTS,
            "\"milliseconds\"",
            "How the store writes instants.",
        )
        .or("\"milliseconds\""),
        Key::required(
            "subject",
            Kind::Table(&SUBJECT),
            "[subject]",
            "The table with one row per person.",
        ),
        Key::new(
            "related",
            Kind::Tables(&RELATED),
            "[[related]]",
            "Rows of another table that belong to a person.",
        ),
        Key::new(
            "ignore",
            Kind::Map {
                names: "a table",
                each: &Kind::Text,
            },
            "[ignore]",
            "Tables that hang on a person and hold nothing of theirs, each with the reason.",
        ),
        Key::required(
            "fact",
            Kind::Map {
                names: "a fact",
                each: &Kind::Either(&[Kind::Text, Kind::Table(&FACT)]),
            },
            "[fact]",
            "What can happen to a person.",
        ),
        Key::required(
            "candidate",
            Kind::Tables(&RULE),
            "[[candidate]]",
            "Who may be due (R-2), in this order.",
        ),
        Key::required(
            "keep",
            Kind::Tables(&RULE),
            "[[keep]]",
            "Who is kept all the same (R-3), in this order.",
        ),
        Key::new(
            "open",
            Kind::Tables(&RULE),
            "[[open]]",
            "What is open business when a person is erased by hand (R-5).",
        ),
        Key::new(
            "words",
            Kind::Map {
                names: "a word of the tenants' examples",
                each: &Kind::List(&Kind::Text),
            },
            "[words]",
            "What the tenants' examples may say, and the facts that it stands for.",
        ),
        Key::new(
            "export",
            Kind::Tables(&EXPORT),
            "[[export]]",
            "One file of a person's export (X-1).",
        ),
        Key::new(
            "exported",
            Kind::Map {
                names: "a column of an exported file",
                each: &COLUMN_ABOUT,
            },
            "[exported]",
            "What the columns of exported files are, by their names.",
        ),
        Key::new(
            "not_exported",
            Kind::Map {
                names: "a column, as table.column",
                each: &Kind::Text,
            },
            "[not_exported]",
            "Personal columns that no export names, each with the reason.",
        ),
        Key::new(
            "holdable",
            Kind::Tables(&HOLDABLE),
            "[[holdable]]",
            "Records that a legal hold can be placed on (R-9).",
        ),
    ],
};
