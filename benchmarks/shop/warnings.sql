-- Warnings that need other records, counted in records, with the duplicates.
CREATE TEMP TABLE warned AS
WITH known_users AS (
    SELECT DISTINCT user_id FROM judged_users WHERE reason IS NULL
), known_products AS (
    SELECT DISTINCT product_id FROM judged_products WHERE reason IS NULL
), known_transactions AS (
    SELECT DISTINCT transaction_id FROM judged_transactions WHERE reason IS NULL
), reused AS (
    SELECT count(*) AS records FROM copies_of_events GROUP BY user_id, event_id HAVING count(*) FILTER (copy = 1) > 1
), claims AS (
    SELECT count(*) AS records
    FROM judged_events
    WHERE reason IS NULL AND client_session_id IS NOT NULL
    GROUP BY client_session_id
    HAVING min(user_id) <> max(user_id)
), ranked AS (
    -- Equal ones, of which the first has duplicates, are of one rank.
    SELECT transaction_id, user_id, dense_rank() OVER (
        PARTITION BY transaction_id
        ORDER BY occurred_at, event_id, device_type, user_id, page_url, product_id, quantity, client_session_id,
            browser, sensitive_key
    ) AS place
    FROM judged_events
    WHERE reason IS NULL AND event_type = 'PURCHASE'
), first_purchases AS (
    SELECT transaction_id, any_value(user_id) AS user_id FROM ranked WHERE place = 1 GROUP BY transaction_id
), transactions AS (
    SELECT *, list_sum(list_transform(items, lambda item: item.quantity * item.unit_price)) AS goods
    FROM judged_transactions
    WHERE reason IS NULL
)
SELECT 'events' AS kind, unnest(warnings) AS warning, 1 AS records
FROM judged_events
WHERE reason IS NULL AND warnings IS NOT NULL
UNION ALL
SELECT 'transactions', unnest(warnings), 1 FROM judged_transactions WHERE reason IS NULL AND warnings IS NOT NULL
UNION ALL
SELECT 'users', unnest(warnings), 1 FROM judged_users WHERE reason IS NULL AND warnings IS NOT NULL
UNION ALL
SELECT 'products', unnest(warnings), 1 FROM judged_products WHERE reason IS NULL AND warnings IS NOT NULL
UNION ALL
SELECT 'events', 'reused_event_id', sum(records) FROM reused
UNION ALL
SELECT 'events', 'client_session_of_several_users', sum(records) FROM claims
UNION ALL
SELECT 'events', 'repeated_purchase', count(*) FROM ranked WHERE place > 1
UNION ALL
SELECT 'events', 'purchase_without_transaction', count(*)
FROM ranked
ANTI JOIN known_transactions USING (transaction_id)
UNION ALL
SELECT 'events', 'unknown_user', count(*)
FROM (FROM judged_events WHERE reason IS NULL) ANTI JOIN known_users USING (user_id)
UNION ALL
SELECT 'events', 'unknown_product', count(*)
FROM (FROM judged_events WHERE reason IS NULL AND product_id IS NOT NULL) ANTI JOIN known_products USING (product_id)
UNION ALL
SELECT 'transactions', 'unknown_user', count(*) FROM transactions ANTI JOIN known_users USING (user_id)
UNION ALL
SELECT 'transactions', 'unknown_product', count(DISTINCT row)
FROM (
    SELECT rowid AS row, unnest(items).product_id AS product_id FROM judged_transactions WHERE reason IS NULL
) ANTI JOIN known_products USING (product_id)
UNION ALL
SELECT 'transactions', 'transaction_without_purchase', count(*)
FROM (FROM transactions WHERE status <> 'failed') ANTI JOIN first_purchases USING (transaction_id)
UNION ALL
SELECT 'transactions', 'transaction_of_another_user', count(*)
FROM transactions
JOIN first_purchases USING (transaction_id)
WHERE transactions.user_id <> first_purchases.user_id
UNION ALL
SELECT 'transactions', 'inconsistent_total', count(*)
FROM transactions
WHERE discount > goods OR goods - discount + shipping + tax <> total;

COPY (
    WITH every AS ({every_warning})
    SELECT kind, warning, coalesce(sum(records), 0)::BIGINT AS records
    FROM every
    LEFT JOIN warned USING (kind, warning)
    GROUP BY place, kind, warning
    ORDER BY place, warning
) TO '{output}/warnings.tsv' {tsv};

-- The names that a kind lacks, the first hundred of each.
CREATE TEMP TABLE unnamed_fields AS
WITH names AS (
    SELECT 'events' AS kind, unnest(unnamed) AS name FROM judged_events WHERE reason IS NULL AND unnamed IS NOT NULL
    UNION ALL
    SELECT 'transactions', unnest(unnamed) FROM judged_transactions WHERE reason IS NULL AND unnamed IS NOT NULL
    UNION ALL
    SELECT 'users', unnest(unnamed) FROM judged_users WHERE reason IS NULL AND unnamed IS NOT NULL
    UNION ALL
    SELECT 'products', unnest(unnamed) FROM judged_products WHERE reason IS NULL AND unnamed IS NOT NULL
)
SELECT kind, name, count(*) AS records
FROM names
GROUP BY kind, name
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY name) <= 100;
