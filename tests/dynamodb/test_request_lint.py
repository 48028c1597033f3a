import pytest

from engineroom.dynamodb.request_lint import problems
from engineroom.dynamodb.schema import Index, Table

TABLES = {
    "shop": Table(
        indexes=(
            Index("by_status", "status", "at", projection="KEYS_ONLY"),
            Index("by_place", ("country", "city"), ("year", "rank")),
        ),
        types={"year": "N", "rank": "N"},
    )
}


def query(expression, values=None, names=None, **more):
    body = {"TableName": "shop", "KeyConditionExpression": expression, **more}
    if values:
        body["ExpressionAttributeValues"] = values
    if names:
        body["ExpressionAttributeNames"] = names
    return "Query", body


A, B, ONE, TWO = {"S": "a"}, {"S": "b"}, {"N": "1"}, {"N": "2"}
V = {":a": A}
AB = {":a": A, ":b": B}
PLACE = {":a": A, ":b": B, ":1": ONE, ":2": TWO}

GOOD = [
    query("PK = :a", V),
    query("(PK = :a AND begins_with(SK, :b))", AB),
    query("(#p = :a) and ((SK between :a and :b))", AB, {"#p": "PK"}),
    query("PK = :a AND SK >= :b", AB, FilterExpression="size(note) > :a"),
    query(
        "country = :a AND city = :b AND #y = :1 AND #r > :2",
        PLACE,
        {"#y": "year", "#r": "rank"},
        IndexName="by_place",
    ),
    query("status = :a", V, IndexName="by_status", Select="ALL_PROJECTED_ATTRIBUTES"),
    ("GetItem", {"TableName": "shop", "Key": {"PK": A, "SK": B}}),
    (
        "PutItem",
        {"TableName": "shop", "Item": {"PK": A, "SK": B, "n": {"N": "1" * 38}, "s": {"SS": ["x", "y"]}}},
    ),
    (
        "UpdateItem",
        {
            "TableName": "shop",
            "Key": {"PK": A, "SK": B},
            "UpdateExpression": "SET #s = if_not_exists(#s, :a)",
            "ExpressionAttributeNames": {"#s": "seen"},
            "ExpressionAttributeValues": V,
        },
    ),
    ("Scan", {"TableName": "shop", "FilterExpression": "PK = :a", "ExpressionAttributeValues": V}),
    ("Query", {"TableName": "elsewhere"}),
]


@pytest.mark.parametrize(("operation", "body"), GOOD)
def test_what_dynamodb_takes_passes(operation, body):
    assert problems(operation, body, TABLES) == []


BAD = [
    (query("PK = :a OR PK = :b", AB), "can't use OR"),
    (query("PK = :a AND NOT SK = :b", AB), "can't use NOT"),
    (query("PK = :a AND contains(SK, :b)", AB), "can't use CONTAINS"),
    (query("PK IN (:a, :b)", AB), "can't use IN"),
    (query("PK <> :a", V), "can't use <>"),
    (query("SK = :a", V), "partition key PK needs one condition"),
    (query("PK > :a", V), "partition key PK needs one condition"),
    (query("PK = :a AND SK > :a AND SK < :b", AB), "SK has 2 conditions"),
    (query("PK = :a AND note = :b", AB), "note is not a key here"),
    (query("PK = :a", {":a": ONE}), "value of type N; it is declared S"),
    (query("PK = :a", {":a": {"S": ""}}), "empty value"),
    (query("PK = :a AND SK BETWEEN :b AND :a", AB), "BETWEEN on SK is reversed"),
    (query("PK = :a", AB), "value :b is defined in ExpressionAttributeValues but not used"),
    (query("PK = :a AND SK = :b", V), "can't be read"),
    (
        query("#p = :a", V, {"#p": "PK", "#q": "x"}),
        "name #q is defined in ExpressionAttributeNames but not used",
    ),
    (query("PK = :a", AB, FilterExpression="SK = :b"), "SK is a key of what you query"),
    (query("PK = :a", V, Limit=0), "Limit is 0"),
    (query("PK = :a", V, IndexName="nowhere"), "no index named 'nowhere'"),
    (query("status = :a", V, IndexName="by_status", ConsistentRead=True), "no consistent reads"),
    (query("status = :a", V, IndexName="by_status", Select="ALL_ATTRIBUTES"), "does not project every"),
    (query("PK = :a", V, ExclusiveStartKey={"PK": A}), "ExclusiveStartKey has PK; here it must have PK, SK"),
    (
        query(
            "country = :a AND city = :b AND #r = :1",
            {":a": A, ":b": B, ":1": ONE},
            {"#r": "rank"},
            IndexName="by_place",
        ),
        "from the left",
    ),
    (query("country = :a", V, IndexName="by_place"), "partition key city needs"),
    (
        query(
            "country = :a AND city = :b AND begins_with(#y, :1)",
            {":a": A, ":b": B, ":1": ONE},
            {"#y": "year"},
            IndexName="by_place",
        ),
        "begins_with takes text",
    ),
    (("Query", {"TableName": "shop"}), "no KeyConditionExpression"),
    (("CreateTable", {"TableName": "x"}), "must be 3 to 255"),
    (("GetItem", {"TableName": "shop", "Key": {"PK": A}}), "key has PK; it must have exactly PK, SK"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A}}), "no SK"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": {"S": ""}}}), "SK is empty"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": B, "status": ONE}}), "status has type N"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": B, "status": {"S": ""}}}), "status is empty"),
    (
        ("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": B, "n": {"N": "1" * 39}}}),
        "39 significant digits",
    ),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": B, "s": {"SS": ["x", "x"]}}}), "member twice"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": {"S": "x" * 1025}}}), "1,025 bytes"),
    (("PutItem", {"TableName": "shop", "Item": {"PK": A, "SK": B, "f": {"S": "x" * 409_600}}}), "400 KB"),
    (
        (
            "UpdateItem",
            {
                "TableName": "shop",
                "Key": {"PK": A, "SK": B},
                "UpdateExpression": "SET SK = :a",
                "ExpressionAttributeValues": V,
            },
        ),
        "SK is part of the primary key",
    ),
    (
        (
            "BatchWriteItem",
            {
                "RequestItems": {
                    "shop": [{"PutRequest": {"Item": {"PK": A, "SK": {"S": str(n)}}}} for n in range(26)]
                }
            },
        ),
        "26 writes",
    ),
    (
        ("BatchWriteItem", {"RequestItems": {"shop": [{"DeleteRequest": {"Key": {"PK": A, "SK": B}}}] * 2}}),
        "item twice",
    ),
    (
        (
            "BatchGetItem",
            {"RequestItems": {"shop": {"Keys": [{"PK": A, "SK": {"S": str(n)}} for n in range(101)]}}},
        ),
        "101 keys",
    ),
    (
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "shop", "Item": {"PK": A, "SK": {"S": str(n)}}}} for n in range(101)
                ]
            },
        ),
        "101 actions",
    ),
    (
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {
                        "Put": {
                            "TableName": "shop",
                            "Item": {"PK": A, "SK": {"S": str(n)}, "f": {"S": "x" * 400_000}},
                        }
                    }
                    for n in range(11)
                ]
            },
        ),
        "4 MB",
    ),
]


@pytest.mark.parametrize(("request_", "sentence"), BAD)
def test_what_dynamodb_refuses_is_refused_in_a_sentence(request_, sentence):
    assert any(sentence in problem for problem in problems(*request_, TABLES)), problems(*request_, TABLES)


def test_the_client_refuses_before_it_sends(engine):
    from botocore.exceptions import ClientError

    table = engine.resource().create_table(**TABLES["shop"].create_request("strict"))
    with pytest.raises(ClientError, match=r"ValidationException.*can't use OR"):
        table.query(KeyConditionExpression="PK = :a OR SK = :a", ExpressionAttributeValues={":a": "a"})
    assert engine.resource(strict=False).Table("strict").scan()["Count"] == 0
    table.delete()
