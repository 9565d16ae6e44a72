-- Files of whole workgroups (X-3): who asked for them, where they lie, and what became of them.
CREATE TABLE lapsed_export (
    id           text   COLLATE "C" PRIMARY KEY,
    tenant       text   COLLATE "C" NOT NULL,
    workgroup    text   COLLATE "C" NOT NULL,
    node         text   COLLATE "C" NOT NULL,  -- the machine on whose disk it lies
    folder       text   NOT NULL,
    file         text   NOT NULL,
    asked_by     text   NOT NULL,
    filter       text   NOT NULL,              -- JSON: whom it is about
    state        text   NOT NULL DEFAULT 'writing' CHECK (state IN ('writing', 'finished', 'withdrawn', 'removed')),
    began_at     bigint NOT NULL,
    finished_at  bigint,
    delete_at    bigint,                       -- null: whoever asked for it takes care of it
    removed_at   bigint,
    because      text,                         -- why it is not there any more
    rows         bigint,
    bytes        bigint,
    sha256       text
);
CREATE INDEX lapsed_export_there ON lapsed_export (node, id) WHERE state <> 'removed';
CREATE INDEX lapsed_export_gone ON lapsed_export (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX lapsed_export_of_tenant ON lapsed_export (tenant, began_at);

-- Whom a file names. The batch that erases one of them withdraws the file in its own transaction.
CREATE TABLE lapsed_export_subject (
    export  text  COLLATE "C" NOT NULL,
    subject jsonb NOT NULL,
    PRIMARY KEY (export, subject)
);
CREATE INDEX lapsed_export_naming ON lapsed_export_subject (subject);
