-- Records of equal contents: all but one are duplicates. Few records share what a duplicate shares, so a hash of that
-- finds those to look at.
CREATE TEMP TABLE copies_of_events AS
WITH shared AS (
    SELECT hash(user_id, event_id) AS id
    FROM judged_events
    WHERE reason IS NULL
    GROUP BY id
    HAVING count(*) > 1
)
SELECT rowid AS row, user_id, event_id, row_number() OVER (
    PARTITION BY user_id, event_id, event_type, occurred_at, device_type, page_url, product_id, quantity,
        transaction_id, client_session_id, browser, sensitive_key
) AS copy
FROM judged_events
WHERE reason IS NULL AND hash(user_id, event_id) IN (FROM shared);

CREATE TEMP TABLE copies_of_transactions AS
SELECT rowid AS row, row_number() OVER (
    PARTITION BY transaction_id, user_id, occurred_at, status, payment_method, currency, items, discount, shipping, tax,
        total
) AS copy
FROM judged_transactions
WHERE reason IS NULL;

CREATE TEMP TABLE copies_of_users AS
SELECT rowid AS row, row_number() OVER (
    PARTITION BY user_id, tier, valid_from, country, sensitive_key
) AS copy
FROM judged_users
WHERE reason IS NULL;

CREATE TEMP TABLE copies_of_products AS
SELECT rowid AS row, row_number() OVER (PARTITION BY product_id, name, category, price, valid_from) AS copy
FROM judged_products
WHERE reason IS NULL;
