-- The ticket desk's own file. Times are ISO text in UTC, JSON is text, ids are text.
CREATE TABLE IF NOT EXISTS clients (
    client_id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS contacts (
    contact_id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    phone TEXT,
    title TEXT,
    -- 1: mail to this address bounced or is not wanted, so none is sent
    suppressed INTEGER NOT NULL DEFAULT 0 CHECK (suppressed IN (0, 1))
) STRICT;

-- Choices of a ticket: board, status, priority, category, location
CREATE TABLE IF NOT EXISTS choices (
    choice_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('board', 'status', 'priority', 'category', 'location')),
    name TEXT NOT NULL,
    parent_id TEXT REFERENCES choices
) STRICT;

-- Sources of mail; defaults are null for a provider that nobody has configured
CREATE TABLE IF NOT EXISTS providers (
    tenant TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    defaults TEXT CHECK (defaults IS NULL OR json_valid(defaults)),
    PRIMARY KEY (tenant, provider_id)
) STRICT;

CREATE TABLE IF NOT EXISTS addresses (
    address TEXT PRIMARY KEY COLLATE NOCASE,
    tenant TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    FOREIGN KEY (tenant, provider_id) REFERENCES providers
) STRICT;

CREATE TABLE IF NOT EXISTS tickets (
    ticket_id TEXT PRIMARY KEY,
    ticket_number TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    client_id TEXT REFERENCES clients,
    contact_id TEXT REFERENCES contacts,
    source TEXT,
    board_id TEXT REFERENCES choices,
    status_id TEXT REFERENCES choices,
    priority_id TEXT REFERENCES choices,
    category_id TEXT REFERENCES choices,
    subcategory_id TEXT REFERENCES choices,
    location_id TEXT REFERENCES choices,
    entered_by TEXT,
    message_id TEXT,
    thread_id TEXT,
    email TEXT CHECK (email IS NULL OR json_valid(email)),
    reply_token TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

-- What the desk tells of a ticket: everything but the message as it came
CREATE VIEW IF NOT EXISTS ticket_list AS
SELECT ticket_id, ticket_number, title, description, client_id, contact_id, source, board_id, status_id, priority_id,
       category_id, subcategory_id, location_id, entered_by, message_id, thread_id, reply_token, created_at
FROM tickets;

CREATE TABLE IF NOT EXISTS comments (
    comment_id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets,
    content TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('html', 'text')),
    source TEXT NOT NULL,
    author_type TEXT NOT NULL CHECK (author_type IN ('contact', 'internal', 'system')),
    author_id TEXT,
    metadata TEXT NOT NULL CHECK (json_valid(metadata)),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS comments_of_ticket ON comments (ticket_id);

-- Which ticket a message belongs to. The first ticket keeps a message.
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets,
    comment_id TEXT REFERENCES comments
) STRICT;
CREATE INDEX IF NOT EXISTS tickets_of_thread ON tickets (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS documents (
    document_id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets,
    message_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS documents_of_ticket ON documents (ticket_id);

CREATE TABLE IF NOT EXISTS human_tasks (
    task_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT,
    context TEXT NOT NULL CHECK (json_valid(context)),
    status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'COMPLETED')),
    created_at TEXT NOT NULL
) STRICT;

-- Messages that the desk wants sent; a mailer would take them from here
CREATE TABLE IF NOT EXISTS outbox (
    message_id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets,
    recipient TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Every writing operation that has been done, with what it returned
CREATE TABLE IF NOT EXISTS operations (
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    result TEXT NOT NULL CHECK (json_valid(result)),
    UNIQUE (kind, idempotency_key)
) STRICT;
