"""What PostgreSQL does for the audit chain: note, seal, refuse. One statement each.

The digest of an entry is taken by a trigger in the transaction that writes it, without a lock;
sealing puts what was committed into the chain, one sealer at a time. So writers never wait for each
other, and a hash never hangs on a transaction that is rolled back.
"""

from typing import Final

DIGEST: Final = """
CREATE OR REPLACE FUNCTION audit_digest(entry jsonb, columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(audit_content(entry, columns), 'UTF8')), 'hex')
$$
"""

CONTENT: Final = """
CREATE OR REPLACE FUNCTION audit_content(entry jsonb, columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (entry - ARRAY(SELECT jsonb_object_keys(entry) EXCEPT SELECT unnest(columns)))::text
$$
"""
"""The text of an entry that its digest is of: jsonb of the columns that there were."""

HASH: Final = """
CREATE OR REPLACE FUNCTION audit_hash(previous text, number bigint, at text, relation text,
    entry bigint, operation text, object text, verb text, context jsonb, columns text[],
    digest text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\n', previous, number, at, relation, entry,
        operation, object, verb, coalesce(context::text, ''), array_to_string(columns, ','),
        digest), 'UTF8')), 'hex')
$$
"""

MOMENT: Final = """
CREATE OR REPLACE FUNCTION audit_moment(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$
"""

NOTE: Final = """
CREATE OR REPLACE FUNCTION audit_note() RETURNS trigger
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    entry jsonb;
    names text[];
BEGIN
    IF TG_OP = 'DELETE' THEN entry := to_jsonb(OLD); ELSE entry := to_jsonb(NEW); END IF;
    names := ARRAY(SELECT jsonb_object_keys(entry));
    INSERT INTO audit_loose
        (relation, entry, operation, object, verb, at, context, columns, digest)
    VALUES (TG_TABLE_NAME, (entry ->> 'pgh_id')::bigint, TG_OP,
        coalesce(entry ->> 'pgh_obj_id', ''), entry ->> 'pgh_label', now(),
        nullif(current_setting('pghistory.context_metadata', true), '')::jsonb,
        names, audit_digest(entry, names));
    RETURN NULL;
END
$$
"""

REFUSE: Final = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
END
$$
"""

SEAL: Final = """
CREATE OR REPLACE FUNCTION audit_seal(most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    here audit_link;
    next audit_loose;
    sealed bigint[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit.chain'));
    SELECT * INTO here FROM audit_link ORDER BY number DESC LIMIT 1;
    here.number := coalesce(here.number, 0);
    here.hash := coalesce(here.hash, repeat('0', 64));
    FOR next IN SELECT * FROM audit_loose ORDER BY id LIMIT most LOOP
        here.number := here.number + 1;
        here.previous := here.hash;
        here.hash := audit_hash(here.previous, here.number, audit_moment(next.at), next.relation,
            next.entry, next.operation, next.object, next.verb, next.context, next.columns,
            next.digest);
        INSERT INTO audit_link (number, previous, hash, at, relation, entry, operation, object,
            verb, context, columns, digest)
        VALUES (here.number, here.previous, here.hash, next.at, next.relation, next.entry,
            next.operation, next.object, next.verb, next.context, next.columns, next.digest);
        sealed := sealed || next.id;
    END LOOP;
    DELETE FROM audit_loose WHERE id = ANY(sealed);
    RETURN cardinality(sealed);
END
$$
"""

KEEP: Final = """
CREATE OR REPLACE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_link
FOR EACH ROW EXECUTE FUNCTION audit_refuse()
"""

KEEP_ALL: Final = """
CREATE OR REPLACE TRIGGER audit_keep_all BEFORE TRUNCATE ON audit_link
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
"""

EVERYTHING: Final = (CONTENT, DIGEST, HASH, MOMENT, NOTE, REFUSE, SEAL, KEEP, KEEP_ALL)
