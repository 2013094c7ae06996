"""The Spark schema that a contract comes to."""

from pyspark.sql import types as T

from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.shared.spark_schema import spark_schema


def test_listens_have_a_time_and_five_texts() -> None:
    assert spark_schema(CONTRACTS["listening"].events).simpleString() == (
        "struct<user_id:string,listened_at:timestamp,artist_id:string,artist_name:string,track_id:string,"
        "track_name:string>"
    )


def test_transactions_have_amounts_and_a_list_of_items() -> None:
    amount = T.DecimalType(12, 2)
    item = [("product_id", T.StringType()), ("quantity", T.IntegerType()), ("unit_price", amount)]
    assert {field.name: field.dataType for field in spark_schema(CONTRACTS["shop"].others[0])} == {
        "transaction_id": T.StringType(),
        "user_id": T.StringType(),
        "occurred_at": T.TimestampType(),
        "status": T.StringType(),
        "payment_method": T.StringType(),
        "currency": T.StringType(),
        "items": T.ArrayType(T.StructType([T.StructField(name, found) for name, found in item])),
        "discount": amount,
        "shipping": amount,
        "tax": amount,
        "total": amount,
        "row_key": T.LongType(),
        "unnamed_fields": T.ArrayType(T.StringType()),
    }


def test_notes_schema_has_times_dates_and_numbers() -> None:
    interactions, users = (spark_schema(kind) for kind in CONTRACTS["notes"].kinds)
    assert interactions.simpleString() == (
        "struct<user_id:string,occurred_at:timestamp,action_type:string,page_id:string,duration_ms:int,load_ms:int,"
        "app_version:string>"
    )
    assert users["join_date"].dataType == T.DateType()


def test_clients_own_session_id_has_a_column() -> None:
    assert "client_session_id" in spark_schema(CONTRACTS["shop"].events).fieldNames()
