-- The transactions that count: of each id the latest, of equal ones failed before refunded before completed.
CREATE TEMP TABLE counted AS
FROM '{output}/transactions.parquet'
QUALIFY row_number() OVER (
    PARTITION BY transaction_id ORDER BY occurred_at DESC, status::status DESC, total DESC, user_id, items
) = 1;

-- The file is sorted: a window over nothing takes its rows in that order, without another sort.
SET preserve_insertion_order = true;
CREATE TEMP TABLE cut AS
WITH opened AS (
    SELECT file_row_number AS n, occurred_at, event_type::event_type AS event_type,
        device_type::device_type AS device_type, user_id, event_id, product_id, quantity, transaction_id,
        coalesce(user_id <> lag(user_id) OVER (), true) AS opens_user,
        opens_user OR occurred_at - lag(occurred_at) OVER () > INTERVAL 30 MINUTES AS opens
    FROM read_parquet('{output}/events.parquet', file_row_number = true)
)
SELECT * EXCLUDE (opens_user, opens),
    sum(opens_user::INT) OVER (ROWS UNBOUNDED PRECEDING)::INT AS user_number,
    sum(opens::INT) OVER (ROWS UNBOUNDED PRECEDING)::INT AS session
FROM opened;
SET preserve_insertion_order = false;

-- Which purchases there are, what their transactions came to, and which is the first of its transaction.
CREATE TEMP TABLE purchases AS
SELECT n, cut.user_number, session, cut.occurred_at, cut.transaction_id, coalesce(status <> 'failed', true) AS buys,
    status, total, items,
    row_number() OVER (
        PARTITION BY cut.transaction_id ORDER BY cut.occurred_at, event_id, device_type, cut.user_id
    ) = 1 AS is_first
FROM cut
LEFT JOIN counted USING (transaction_id)
WHERE event_type = 'PURCHASE';

CREATE TEMP TABLE orders AS
SELECT counted.*, first.session
FROM counted
LEFT JOIN (FROM purchases WHERE is_first) AS first USING (transaction_id)
WHERE counted.status <> 'failed';

-- From each page view the earliest steps at or after it: from each step the next one is the nearest.
CREATE TEMP TABLE chains AS
WITH checkouts AS (
    SELECT one.n, one.user_number, one.occurred_at AS t4, next.occurred_at AS t5
    FROM cut AS one
    ASOF LEFT JOIN (FROM purchases WHERE buys) AS next ON one.user_number = next.user_number AND one.n <= next.n
    WHERE event_type = 'CHECKOUT_START'
), carts AS (
    SELECT one.n, one.user_number, one.occurred_at AS t3, t4, t5
    FROM cut AS one
    ASOF LEFT JOIN checkouts AS next ON one.user_number = next.user_number AND one.n <= next.n
    WHERE event_type = 'ADD_TO_CART'
), views AS (
    SELECT one.n, one.user_number, one.occurred_at AS t2, t3, t4, t5
    FROM cut AS one
    ASOF LEFT JOIN carts AS next ON one.user_number = next.user_number AND one.n <= next.n
    WHERE event_type = 'PRODUCT_VIEW'
)
SELECT one.n, one.user_number, one.session, device_type, one.occurred_at AS t1, t2, t3, t4, t5
FROM cut AS one
ASOF LEFT JOIN views AS next ON one.user_number = next.user_number AND one.n <= next.n
WHERE event_type = 'PAGE_VIEW';

-- What became of each product in a session. A cart is never below 0: its end is above the lowest sum before it.
CREATE TEMP TABLE product_sessions AS
WITH sums AS (
    SELECT session, product_id, event_type,
        CASE event_type WHEN 'ADD_TO_CART' THEN quantity WHEN 'REMOVE_FROM_CART' THEN -quantity END AS change,
        sum(change) OVER in_order AS left_over
    FROM cut
    WHERE product_id IS NOT NULL
    WINDOW in_order AS (PARTITION BY session, product_id ORDER BY n ROWS UNBOUNDED PRECEDING)
)
SELECT session, product_id, bool_or(event_type = 'PRODUCT_VIEW') AS is_viewed,
    bool_or(event_type = 'ADD_TO_CART') AS is_carted,
    coalesce(sum(change), 0) > least(0, min(left_over)) AS is_left
FROM sums
GROUP BY session, product_id;

CREATE TEMP TABLE tiers AS
SELECT user_id, valid_from, max(tier::tier) AS tier
FROM '{output}/users.parquet'
GROUP BY user_id, valid_from;

CREATE TEMP TABLE sessions AS
WITH counts AS (
    SELECT session, first(user_id) AS user_id, first(user_number) AS user_number, min(occurred_at) AS started_at,
        max(occurred_at) AS ended_at, arg_min(device_type, n) AS device_type, count(*) AS events,
        count(*) FILTER (event_type = 'PAGE_VIEW') AS page_views,
        count(*) FILTER (event_type = 'PRODUCT_VIEW') AS product_views,
        count(*) FILTER (event_type = 'SEARCH') AS searches,
        count(*) FILTER (event_type = 'ADD_TO_CART') AS add_to_carts,
        count(*) FILTER (event_type = 'REMOVE_FROM_CART') AS remove_from_carts,
        count(*) FILTER (event_type = 'CHECKOUT_START') AS checkout_starts,
        count(*) FILTER (event_type = 'PURCHASE') AS purchases,
        count(*) FILTER (event_type = 'LOGIN') AS logins,
        count(*) FILTER (event_type = 'LOGOUT') AS logouts,
        min(n) FILTER (WHERE event_type = 'PAGE_VIEW') AS first_page_view
    FROM cut
    GROUP BY session
), bought AS (
    SELECT session, bool_or(buys) AS converts FROM purchases GROUP BY session
), revenue AS (
    SELECT session, count(*) AS orders, sum(total) AS gross_revenue,
        sum(CASE WHEN status = 'refunded' THEN total ELSE 0 END) AS refunded
    FROM orders
    GROUP BY session
), carts AS (
    SELECT session, count(*) AS distinct_products, bool_or(is_left) AS leaves_cart
    FROM product_sessions
    GROUP BY session
), latest AS (
    SELECT max(occurred_at) AS at FROM cut WHERE occurred_at < TIMESTAMP '{end}'
)
SELECT hash(counts.user_id, started_at) AS session_id, counts.*, tier,
    epoch_us(ended_at - started_at) / 1e6 AS duration_seconds, coalesce(distinct_products, 0) AS distinct_products,
    coalesce(converts, false) AS is_converted, coalesce(orders, 0) AS orders,
    coalesce(gross_revenue, 0) AS gross_revenue, coalesce(refunded, 0) AS refunded,
    NOT (ended_at - started_at > INTERVAL 10 SECONDS OR purchases + add_to_carts > 0 OR page_views + product_views > 1)
        AS is_bounced,
    coalesce(ended_at + INTERVAL 30 MINUTES >= latest.at, false) AS is_open,
    add_to_carts > 0 AS has_cart, coalesce(leaves_cart, false) AND NOT is_converted AS is_abandoned,
    chains.device_type AS start_device_type, t1, CASE WHEN t2 <= ended_at THEN t2 END AS t2,
    CASE WHEN t3 <= ended_at THEN t3 END AS t3, CASE WHEN t4 <= ended_at THEN t4 END AS t4,
    CASE WHEN t5 <= ended_at THEN t5 END AS t5
FROM counts
LEFT JOIN bought USING (session)
LEFT JOIN revenue USING (session)
LEFT JOIN carts USING (session)
LEFT JOIN chains ON chains.n = first_page_view
ASOF LEFT JOIN tiers ON counts.user_id = tiers.user_id AND started_at >= valid_from
CROSS JOIN latest;

COPY (SELECT * EXCLUDE (session, user_number, first_page_view) FROM sessions ORDER BY user_id, started_at)
TO '{output}/sessions.parquet' {parquet};
