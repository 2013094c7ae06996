-- What the text or the number of a field says, by its type: the typed value, or null if it is none.
CREATE TYPE event_type AS ENUM (
    'PAGE_VIEW', 'PRODUCT_VIEW', 'SEARCH', 'ADD_TO_CART', 'REMOVE_FROM_CART', 'CHECKOUT_START', 'PURCHASE', 'LOGIN',
    'LOGOUT'
);
CREATE TYPE device_type AS ENUM ('desktop', 'mobile', 'tablet', 'other');
CREATE TYPE status AS ENUM ('completed', 'refunded', 'failed');
CREATE TYPE tier AS ENUM ('bronze', 'silver', 'gold', 'platinum');

-- A first character of visible ASCII answers for nearly every text without the regular expression.
CREATE MACRO is_blank(text) AS NOT (
    text BETWEEN '!' AND '~' OR regexp_matches(
        text,
        '[^\t\n\v\f\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]'
    )
);
-- No text has more code points than bytes.
CREATE MACRO is_within(text, longest) AS strlen(text) <= longest OR length(text) <= longest;
CREATE MACRO text_of(text, longest) AS CASE WHEN is_within(text, longest) AND NOT is_blank(text) THEN text END;
CREATE MACRO capitals_of(text, number) AS CASE WHEN regexp_full_match(text, '[A-Z]{' || number || '}') THEN text END;
CREATE MACRO url_of(text) AS CASE
    WHEN is_within(text, 2048) AND NOT is_blank(text) THEN split_part(split_part(text, '?', 1), '#', 1)
END;
-- The cast alone would take dashes at any place.
CREATE MACRO uuid_of(text) AS CASE
    WHEN text LIKE '________-____-____-____-____________' THEN try_cast(text AS UUID)
END;
-- The cast to a timestamp without zone would pass over the offset. There is no year 0.
CREATE MACRO time_of(text) AS CASE
    WHEN regexp_full_match(
        text,
        '[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?'
        '(?:Z|[+-](?:(?:0[0-9]|1[0-7]):[0-5][0-9]|18:00))'
    ) AND NOT starts_with(text, '0000')
    THEN make_timestamp(epoch_us(try_cast(text AS TIMESTAMPTZ)))
END;
CREATE MACRO is_ipv4(text) AS regexp_full_match(
    text,
    '(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
);
-- Eight groups, or fewer with one `::`; an IPv4 address may stand for the last two.
CREATE MACRO is_ipv6(text) AS regexp_full_match(text, replace(
    '(?:G:){7}G|(?:G:){1,7}:|(?:G:){1,6}:G|(?:G:){1,5}(?::G){1,2}|(?:G:){1,4}(?::G){1,3}|(?:G:){1,3}(?::G){1,4}'
    '|(?:G:){1,2}(?::G){1,5}|G:(?::G){1,6}|:(?:(?::G){1,7}|:)',
    'G', '[0-9A-Fa-f]{1,4}'
));
CREATE MACRO ip_of(text) AS CASE
    WHEN is_ipv4(text) OR is_ipv6(text) THEN text
    WHEN contains(text, ':') AND is_ipv4(regexp_extract(text, '[^:]*$'))
        AND is_ipv6(regexp_replace(text, '[^:]*$', '0:0'))
        THEN text
END;
-- A JSON number times 10^decimals, null if that is not whole, or has more digits before its point: by its text alone,
-- for `20e-1` is 2, and 2.00…01 is not.
CREATE MACRO scaled(number, digits, decimals) AS list_transform(
    list_transform(
        [regexp_extract(
            number, '^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$', ['sign', 'whole', 'part', 'power']
        )],
        lambda one: {
            'sign': one.sign,
            'digits': rtrim(ltrim(one.whole || one.part, '0'), '0'),
            'zeros': length(ltrim(one.whole || one.part, '0')) - length(rtrim(ltrim(one.whole || one.part, '0'), '0')),
            'last': CASE WHEN one.power = '' THEN 0 ELSE try_cast(one.power AS INTEGER) END::BIGINT - length(one.part)
        }
    ),
    lambda one: CASE
        WHEN one.digits = '' THEN 0
        WHEN one.sign = '-' OR one.last + one.zeros + decimals < 0 THEN NULL
        WHEN one.last + one.zeros + decimals + length(one.digits) <= digits + decimals
            THEN (one.digits || repeat('0', one.last + one.zeros + decimals))::BIGINT
    END
)[1];
CREATE MACRO within_quantities(number) AS CASE WHEN number BETWEEN 1 AND 1000 THEN number::SMALLINT END;
CREATE MACRO integer_of(number) AS within_quantities(CASE
    WHEN number IS NULL THEN NULL
    WHEN regexp_full_match(number, '[1-9][0-9]{0,3}') THEN number::BIGINT
    ELSE scaled(number, 4, 0)
END);
CREATE MACRO is_amount(text) AS regexp_full_match(text, '[0-9]{1,10}(?:\.[0-9]{1,2})?');
CREATE MACRO money_of(text, number) AS CASE
    WHEN is_amount(coalesce(text, number)) THEN coalesce(text, number)::DECIMAL(12, 2)
    WHEN number IS NOT NULL THEN (scaled(number, 10, 2)::DECIMAL(20, 0) * 0.01)::DECIMAL(12, 2)
END;

-- DuckDB's parser keeps no number as it is written. So numbers are made texts that begin with a character that no line
-- with the proof has. (Were one in a text that begins with a colon, the result would be no JSON.)
CREATE MACRO with_marked_numbers(line) AS CASE
    WHEN NOT contains(line, chr(127)) THEN regexp_replace(line, '":([0-9][0-9.]*)', '":"' || chr(127) || '\1"', 'g')
END;
CREATE MACRO marked_number(value) AS CASE WHEN starts_with(value, chr(127)) THEN substring(value, 2) END;
CREATE MACRO fast_number(value) AS value::VARCHAR;
-- Not a number, a word, an object or an array, of which a cast makes a text, too.
CREATE MACRO is_surely_text(text) AS
    NOT regexp_matches(text, '^(?:[-0-9\[{\x7f]|(?i:true|false|nan|inf|infinity)$)');
CREATE MACRO whole_items(items) AS CASE
    WHEN len(items) BETWEEN 1 AND 500 AND len(list_filter(
        items, lambda item: item.product_id IS NULL OR item.quantity IS NULL OR item.unit_price IS NULL
    )) = 0 THEN items
END;

-- A JSON text in which a text or name `abc` is `sabcn`, and a number 4.90 is the text `sn4.90`, which no text is: it
-- ends with an n.
CREATE MACRO exact(json) AS
    regexp_replace(json, '"((?:[^"\\]|\\.)*)"|(-?[0-9][0-9.eE+-]*)', '"s\1n\2"', 'gs');
CREATE MACRO without_marks(json) AS regexp_replace(
    regexp_replace(json, '"sn(-?[0-9][0-9.eE+-]*)"', '\1', 'g'), '"s((?:[^"\\]|\\.)*)n"', '"\1"', 'gs'
);
CREATE MACRO exact_text(value) AS CASE
    WHEN starts_with(value, 's') AND suffix(value, 'n') THEN substring(value, 2, length(value) - 2)
END;
CREATE MACRO exact_number(value) AS CASE
    WHEN starts_with(value, 'sn') AND NOT suffix(value, 'n') THEN substring(value, 3)
END;
-- In an exact text there is nothing outside of quotes but these, and a comma is before a value.
CREATE MACRO is_strict(exact_json) AS regexp_full_match(
    exact_json, '(?:[\]}: \t\r\n]|,?[ \t\r\n]*(?:"(?:[^"\\]|\\.)*"|[\[{]|true|false|null))*', 's'
);
CREATE MACRO has_names_twice(json) AS len(json_keys(json)) <> len(list_distinct(json_keys(json)));
