-- What the checks look at, but for the answers: nulls, limits of values, shares of words.
SELECT count(*), count(event_id), count(event_type), count(occurred_at), count(user_id), count(device_type),
    min(occurred_at), max(occurred_at), max(length(page_url)), max(length(browser)), min(quantity), max(quantity),
    count(DISTINCT user_id)
FROM '{output}/events.parquet';
SELECT event_type, count(*), count(page_url), count(product_id), count(quantity), count(transaction_id)
FROM '{output}/events.parquet'
GROUP BY event_type;
SELECT currency, status, count(*), count(user_id), min(occurred_at), max(occurred_at), min(total), max(total),
    max(len(items)), max(length(payment_method))
FROM '{output}/transactions.parquet'
GROUP BY currency, status;
SELECT tier, count(*), count(user_id), min(valid_from), max(valid_from), max(length(country))
FROM '{output}/users.parquet'
GROUP BY tier;
SELECT count(*), count(product_id), count(name), count(category), min(price), max(price), min(valid_from),
    max(valid_from)
FROM '{output}/products.parquet';
SELECT kind, reason, count(*) FROM '{output}/rejected.parquet' GROUP BY kind, reason;
SELECT sum(events), count(*), count(DISTINCT session_id), count(*) FILTER (ended_at < started_at),
    count(*) FILTER (duration_seconds <> epoch_us(ended_at - started_at) / 1e6), quantile_cont(events, 0.99)
FROM '{output}/sessions.parquet';
