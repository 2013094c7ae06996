-- The accepted records of each kind as a sorted file; its sensitive values are not kept.
COPY (
    SELECT hash(user_id, event_id, event_type, occurred_at, device_type, page_url, product_id, quantity,
            transaction_id, client_session_id, browser) AS row_key,
        event_id, event_type, occurred_at, user_id, device_type, page_url, product_id, quantity, transaction_id,
        client_session_id, browser, warnings, unnamed
    FROM judged_events
    WHERE reason IS NULL AND rowid NOT IN (SELECT row FROM copies_of_events WHERE copy > 1)
    ORDER BY user_id, occurred_at, event_type, event_id, device_type
) TO '{output}/events.parquet' {parquet};

COPY (
    SELECT * EXCLUDE (reason, sensitive_key, is_text, line, file)
    FROM judged_transactions
    WHERE reason IS NULL AND rowid NOT IN (SELECT row FROM copies_of_transactions WHERE copy > 1)
    ORDER BY user_id, occurred_at, transaction_id
) TO '{output}/transactions.parquet' {parquet};

COPY (
    SELECT * EXCLUDE (reason, sensitive_key, is_text, line, file)
    FROM judged_users
    WHERE reason IS NULL AND rowid NOT IN (SELECT row FROM copies_of_users WHERE copy > 1)
    ORDER BY user_id, valid_from
) TO '{output}/users.parquet' {parquet};

COPY (
    SELECT * EXCLUDE (reason, sensitive_key, is_text, line, file)
    FROM judged_products
    WHERE reason IS NULL AND rowid NOT IN (SELECT row FROM copies_of_products WHERE copy > 1)
    ORDER BY product_id, valid_from
) TO '{output}/products.parquet' {parquet};

COPY ({rejected}) TO '{output}/rejected.parquet' {parquet};
