CREATE MACRO rate(part, whole) AS CASE WHEN whole > 0 THEN printf('%.6f', part / whole) END;
-- Rounded half up to whole cents, without a double between.
CREATE MACRO average(amount, number) AS CASE
    WHEN number > 0
        THEN (((amount * 200)::HUGEINT + number) // (2 * number))::DECIMAL(36, 0) * 0.01::DECIMAL(2, 2)
END;
CREATE MACRO written_time(moment) AS
    replace(strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z');

CREATE TEMP TABLE day_and_tier_metrics AS
WITH keyed AS (
    SELECT 'day' AS kind, started_at::DATE::VARCHAR AS key, * FROM sessions WHERE started_at < TIMESTAMP '{end}'
    UNION ALL
    SELECT 'tier', coalesce(tier::VARCHAR, 'unknown'), * FROM sessions
), keys AS (
    SELECT 'day' AS kind, day::DATE::VARCHAR AS key
    FROM (SELECT min(key::DATE) AS first, max(key::DATE) AS last FROM keyed WHERE kind = 'day'),
        unnest(generate_series(first, last, INTERVAL 1 DAY)) AS days(day)
    UNION ALL
    SELECT 'tier', unnest(['bronze', 'silver', 'gold', 'platinum', 'unknown'])
)
SELECT kind, key, coalesce(sum(events), 0) AS events, count(DISTINCT user_number) AS users, count(session) AS sessions,
    count(*) FILTER (is_converted) AS converted_sessions, coalesce(sum(orders), 0) AS orders,
    coalesce(sum(gross_revenue), 0)::DECIMAL(36, 2) AS gross_revenue,
    coalesce(sum(refunded), 0)::DECIMAL(36, 2) AS refunded,
    count(*) FILTER (has_cart) AS cart_sessions, count(*) FILTER (is_abandoned) AS abandoned_sessions,
    count(*) FILTER (is_bounced) AS bounced_sessions, count(*) FILTER (is_open) AS open_sessions
FROM keys
LEFT JOIN keyed USING (kind, key)
GROUP BY kind, key;

CREATE TEMP VIEW metrics AS
SELECT kind, key, events, users, sessions, converted_sessions, rate(converted_sessions, sessions) AS conversion_rate,
    orders, gross_revenue, refunded, gross_revenue - refunded AS net_revenue,
    average(gross_revenue, orders) AS average_order, cart_sessions, abandoned_sessions,
    rate(abandoned_sessions, cart_sessions) AS cart_abandonment_rate, rate(bounced_sessions, sessions) AS bounce_rate,
    open_sessions
FROM day_and_tier_metrics;

COPY (SELECT key AS date, * EXCLUDE (kind, key) FROM metrics WHERE kind = 'day' ORDER BY date)
TO '{output}/daily_metrics.tsv' {tsv};

COPY (
    SELECT key AS tier, * EXCLUDE (kind, key), average(net_revenue, users) AS net_revenue_per_user
    FROM metrics
    WHERE kind = 'tier'
    ORDER BY list_position(['bronze', 'silver', 'gold', 'platinum'], key) NULLS LAST
) TO '{output}/tier_metrics.tsv' {tsv};

-- Of a user's page views the one that goes deepest within seven days counts, of equal ones the earliest.
CREATE TEMP TABLE user_funnels AS
WITH within AS (
    SELECT n, user_number, device_type, t1, CASE WHEN t2 <= t1 + INTERVAL 7 DAYS THEN t2 END AS t2,
        CASE WHEN t3 <= t1 + INTERVAL 7 DAYS THEN t3 END AS t3, CASE WHEN t4 <= t1 + INTERVAL 7 DAYS THEN t4 END AS t4,
        CASE WHEN t5 <= t1 + INTERVAL 7 DAYS THEN t5 END AS t5
    FROM chains
), best AS (
    FROM within
    QUALIFY row_number() OVER (
        PARTITION BY user_number
        ORDER BY (t2 IS NOT NULL)::INT + (t3 IS NOT NULL)::INT + (t4 IS NOT NULL)::INT + (t5 IS NOT NULL)::INT DESC, n
    ) = 1
), users AS (
    SELECT user_number, first(user_id) AS user_id FROM sessions GROUP BY user_number
)
SELECT best.*, tier
FROM best
JOIN users USING (user_number)
ASOF LEFT JOIN tiers ON users.user_id = tiers.user_id AND t1 >= valid_from;

CREATE TEMP TABLE reached AS
WITH paths AS (
    SELECT 'session' AS scope, coalesce(at_start.tier::VARCHAR, 'unknown') AS tier, start_device_type AS device,
        t1, t2, t3, t4, t5
    FROM (FROM sessions WHERE t1 IS NOT NULL) AS started
    ASOF LEFT JOIN tiers AS at_start ON started.user_id = at_start.user_id AND t1 >= at_start.valid_from
    UNION ALL
    SELECT 'user', coalesce(tier::VARCHAR, 'unknown'), device_type, t1, t2, t3, t4, t5 FROM user_funnels
)
SELECT scope, CASE WHEN GROUPING(tier) = 0 THEN 'tier' WHEN GROUPING(device) = 0 THEN 'device' ELSE 'all' END AS kind,
    coalesce(tier, device::VARCHAR, 'all') AS segment,
    [count(t1), count(t2), count(t3), count(t4), count(t5)] AS counts,
    [NULL, median(epoch_us(t2 - t1)), median(epoch_us(t3 - t2)), median(epoch_us(t4 - t3)), median(epoch_us(t5 - t4))]
        AS medians
FROM paths
GROUP BY GROUPING SETS ((scope), (scope, tier), (scope, device));

COPY (
    WITH segments AS (
        SELECT scope, kind, segment
        FROM unnest(['session', 'user']) AS scopes(scope), (
            SELECT 'all' AS kind, 'all' AS segment
            UNION ALL SELECT 'tier', unnest(['bronze', 'silver', 'gold', 'platinum', 'unknown'])
            UNION ALL SELECT 'device', unnest(['desktop', 'mobile', 'tablet', 'other'])
        )
    )
    SELECT scope, kind AS segment_kind, segment, step,
        ['PAGE_VIEW', 'PRODUCT_VIEW', 'ADD_TO_CART', 'CHECKOUT_START', 'PURCHASE'][step] AS event_type,
        coalesce(counts[step], 0) AS reached,
        CASE WHEN step > 1 THEN rate(counts[step], counts[step - 1]) END AS rate_from_previous,
        rate(counts[step], counts[1]) AS rate_from_first,
        CASE WHEN medians[step] IS NOT NULL THEN printf('%.3f', medians[step] / 1e6) END AS median_seconds
    FROM segments
    LEFT JOIN reached USING (scope, kind, segment), range(1, 6) AS steps(step)
    ORDER BY scope, list_position(['all', 'tier', 'device'], kind),
        list_position(
            ['bronze', 'silver', 'gold', 'platinum', 'unknown', 'desktop', 'mobile', 'tablet', 'other'], segment
        ),
        step
) TO '{output}/funnel.tsv' {tsv};

CREATE TEMP TABLE facts AS
WITH of_sessions AS (
    SELECT count(*) AS sessions, count(DISTINCT user_number) AS users, count(*) FILTER (is_open) AS open_sessions,
        count(*) FILTER (t1 IS NULL) AS sessions_without_page_view
    FROM sessions
), of_purchases AS (
    SELECT count(*) FILTER (t4 IS NULL OR t4 > purchases.occurred_at) AS purchases_outside_order
    FROM purchases
    JOIN sessions USING (session)
    WHERE buys
), of_windows AS (
    SELECT count(*) AS windows, count(*) FILTER (t1 + INTERVAL 7 DAYS >= TIMESTAMP '{end}') AS open_user_windows
    FROM user_funnels
), of_orders AS (
    SELECT count(*) AS orders, coalesce(sum(total), 0)::DECIMAL(36, 2) AS gross_revenue,
        coalesce(sum(total) FILTER (WHERE status = 'refunded'), 0)::DECIMAL(36, 2) AS refunded,
        coalesce(sum(total) FILTER (WHERE session IS NULL), 0)::DECIMAL(36, 2) AS unattributed_revenue
    FROM orders
)
SELECT sessions, users, open_sessions, sessions_without_page_view, users - windows AS users_without_page_view,
    purchases_outside_order, open_user_windows, orders, gross_revenue, refunded,
    gross_revenue - refunded AS net_revenue, unattributed_revenue
FROM of_sessions, of_purchases, of_windows, of_orders;

COPY (
    UNPIVOT (SELECT COLUMNS(*)::VARCHAR FROM facts) ON COLUMNS(*) INTO NAME metric VALUE value
) TO '{output}/summary.tsv' {tsv};

COPY (
    WITH seen AS (
        SELECT product_id, count(*) FILTER (is_viewed) AS view_sessions, count(*) FILTER (is_carted) AS cart_sessions,
            count(*) FILTER (is_viewed AND is_carted) AS both_sessions
        FROM product_sessions
        GROUP BY product_id
    ), lines AS (
        SELECT transaction_id, user_id, session, unnest(items, recursive := true) FROM orders
    ), sold AS (
        SELECT product_id, count(DISTINCT user_id) AS buyers, sum(quantity) AS units,
            sum(quantity * unit_price) AS revenue
        FROM lines
        GROUP BY product_id
    ), bought AS (
        SELECT product_id, count(*) AS bought_sessions
        FROM product_sessions
        SEMI JOIN lines USING (session, product_id)
        WHERE is_carted
        GROUP BY product_id
    )
    SELECT product_id, coalesce(view_sessions, 0) AS view_sessions, coalesce(cart_sessions, 0) AS cart_sessions,
        coalesce(buyers, 0) AS buyers, coalesce(units, 0) AS units, coalesce(revenue, 0)::DECIMAL(36, 2) AS revenue,
        rate(both_sessions, view_sessions) AS view_to_cart_rate,
        rate(coalesce(bought_sessions, 0), cart_sessions) AS cart_to_buy_rate
    FROM (FROM seen WHERE view_sessions + cart_sessions > 0)
    FULL JOIN sold USING (product_id)
    LEFT JOIN bought USING (product_id)
    ORDER BY product_id
) TO '{output}/product_performance.tsv' {tsv};

COPY (
    WITH customers AS (
        SELECT user_id, count(*) AS orders, sum(total)::DECIMAL(36, 2) AS gross_revenue,
            sum(CASE WHEN status = 'refunded' THEN total ELSE 0 END)::DECIMAL(36, 2) AS refunded,
            min(occurred_at) AS first_order_at, max(occurred_at) AS last_order_at
        FROM orders
        GROUP BY user_id
    ), latest AS (
        SELECT user_id, arg_max(tier, valid_from) AS tier
        FROM tiers
        WHERE valid_from <= TIMESTAMP '{end}'
        GROUP BY user_id
    )
    SELECT user_id, coalesce(tier::VARCHAR, 'unknown') AS tier, orders, gross_revenue, refunded,
        gross_revenue - refunded AS net_revenue, written_time(first_order_at) AS first_order_at,
        written_time(last_order_at) AS last_order_at
    FROM customers
    LEFT JOIN latest USING (user_id)
    ORDER BY user_id
) TO '{output}/customer_value.tsv' {tsv};
