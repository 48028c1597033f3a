"""The exercises' checks: the solutions pass, and each plausible mistake loses its point."""

from pathlib import Path

import nbformat
import pytest

from engineroom.dynamodb import checks
from engineroom.dynamodb import engine as engines
from engineroom.kit.expect import CheckFailed

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "dynamodb" / "exercises.ipynb"
HIDDEN_SEEDS = (201, 333)
CHECKS = {
    "design": ("my_design", checks.check_design),
    "shards": ("shard", checks.check_shards),
    "filter_bill": ("filter_bill", checks.check_filter_bill),
    "first_orders": ("first_orders", checks.check_first_orders),
    "set_status": ("set_status", checks.check_set_status),
    "backfill": ("backfill", checks.check_backfill),
    "take": ("take", checks.check_take),
    "transfer": ("transfer", checks.check_transfer),
    "revenue": ("revenue", checks.check_revenue),
}


@pytest.fixture(autouse=True)
def on_the_test_engine(engine, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint)
    monkeypatch.setattr(engines, "_shared", None)


def sources():
    cells = nbformat.read(ASSIGNMENT, as_version=4).cells
    first = next(c.source for c in cells if c.cell_type == "code")
    solved = {
        c.metadata.nbgrader.grade_id: c.source
        for c in cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }
    return first, solved


def check(exercise, source, **seed):
    names = {}
    exec(sources()[0], names)
    exec(source, names)
    function, checked = CHECKS[exercise]
    checked(names[function], **seed)


def test_every_solution_has_a_check():
    assert set(sources()[1]) == set(CHECKS)


@pytest.mark.parametrize("exercise", CHECKS)
def test_the_solution_passes(exercise, capsys):
    check(exercise, sources()[1][exercise])
    assert capsys.readouterr().out.startswith("✔ ")


@pytest.mark.parametrize("seed", HIDDEN_SEEDS)
@pytest.mark.parametrize("exercise", CHECKS)
def test_the_solution_passes_on_other_data(exercise, seed, capsys):
    check(exercise, sources()[1][exercise], seed=seed)
    assert capsys.readouterr().out.startswith("✔ ")


@pytest.mark.parametrize(
    "exercise", ["filter_bill", "first_orders", "set_status", "take", "transfer", "revenue"]
)
def test_another_seed_asks_for_something_else(exercise):
    function, checked = CHECKS[exercise]
    names, asked = {}, []
    exec(sources()[0], names)
    exec(sources()[1][exercise], names)

    def watched(*args):
        asked[-1].append([arg for arg in args if not hasattr(arg, "meta")])  # the table aside
        return names[function](*args)

    for seed in HIDDEN_SEEDS:
        asked.append([])
        checked(watched, seed=seed)
    assert asked[0] != asked[1]


# what was written -> what a learner might have written, and a word of the answer
MUTANTS = {
    ("design", "unpadded billing"): ("{billing:03d}", "{billing}", "wrong order"),
    ("design", "unpadded film number"): ("{film_id:05d}", "{film_id}", "wrong order"),
    ("design", "constant partition key"): (
        '"PK": "ACTOR#{actor_id}", "SK": "ACTOR"',
        '"PK": "ACTORS", "SK": "{actor_id}"',
        "hottest partition key",
    ),
    ("design", "scan"): (
        "query on by_genre where genre = {genre} and year = {year} and SK begins_with FILM#",
        "scan filter genre = {genre} and year = {year}",
        "It needs a Scan",
    ),
    ("design", "filter instead of key"): (
        "query where PK = FILM#{film_id:05d}",
        "scan filter film_id = {film_id}",
        "It needs a Scan",
    ),
    ("design", "join in the client"): (
        "query on inverted where GSI1PK = ACTOR#{actor_id}",
        "get where PK = ACTOR#{actor_id} and SK = ACTOR then "
        "query on inverted where GSI1PK = ACTOR#{actor_id} and GSI1SK begins_with ROLE",
        "It takes 2 requests",
    ),
    ("design", "index key dropped"): ('"GSI1SK": "ROLE#{year}#{film_id:05d}",', "", "rows missing"),
    ("design", "thin index"): (
        'Index("inverted", "GSI1PK", "GSI1SK")',
        'Index("inverted", "GSI1PK", "GSI1SK", "KEYS_ONLY")',
        "does not project",
    ),
    ("design", "missing attribute"): ("{billing:03d}", "{rank:03d}", "names 'rank'"),
    ("design", "overwritten items"): ("ROLE#{billing:03d}", "ROLE", "the same primary key"),
    ("design", "no design"): ("return Design(", "return (", "a Design(table, keys, plans)"),
    ("shards", "no shards"): ("#{user_id%10}", "#0", "hottest partition key"),
    ("shards", "sharded by the wrong attribute"): ("#{user_id%10}", "#{repo_id%10}", "hottest partition key"),
    ("shards", "too wide"): ("%10}", "%40}", "rows missing"),
    ("shards", "too wide a read"): ("0..9", "0..30", "31 requests; the budget is 12"),
    ("shards", "one shard forgotten"): ("0..9", "0..8", "rows missing"),
    ("filter_bill", "billed for what is returned"): (
        "sum(page)", "sum(page) * sum(matches) / max(1, len(sizes))", "the bill of"
    ),
    ("filter_bill", "limit counts what is returned"): ("limit or", "limit and 2 * limit or", "the bill of"),
    ("filter_bill", "the last, empty page forgotten"): ("range(0, len(sizes) + 1, step)", "range(0, len(sizes), step)", "the bill of"),
    ("filter_bill", "rounded once for all pages"): (
        "sum(max(1, -(-sum(page) // 4096)) / 2 for page in pages)",
        "max(1, -(-sum(sizes) // 4096)) / 2",
        "the bill of",
    ),
    ("filter_bill", "each item rounded"): ("-(-sum(page) // 4096)", "sum(-(-size // 4096) for size in page)", "the bill of"),
    ("filter_bill", "an empty page is free"): ("max(1, -(-sum(page) // 4096))", "-(-sum(page) // 4096)", "the bill of"),
    ("filter_bill", "strongly consistent"): ("/ 2 for page", "/ 1 for page", "the bill of"),
    ("first_orders", "first page only"): (' or "LastEvaluatedKey" not in page', " or True", "the newest"),
    ("first_orders", "an empty page taken for the end"): (
        '"LastEvaluatedKey" not in page', 'not page["Items"] or "LastEvaluatedKey" not in page', "the newest"
    ),
    ("first_orders", "limit taken for rows"): ("ScanIndexForward=False,", "ScanIndexForward=False, Limit=wanted,", "requests for"),
    ("first_orders", "reads on"): ("len(found) >= wanted or ", "", "requests for"),
    ("first_orders", "oldest first"): ("ScanIndexForward=False,", "", "the newest"),
    ("first_orders", "too many"): ("found[:wanted]", "found", "the newest"),
    ("first_orders", "table scanned"): (
        "    while True:",
        '    found = [i for i in table.scan()["Items"] if i["PK"] == f"CUSTOMER#{customer_id}" and i.get("status") == status]\n'
        "    return sorted(found, key=lambda i: i['SK'], reverse=True)[:wanted]\n    while True:",
        "requests for",
    ),
    ("set_status", "key left behind"): (" REMOVE GSI1PK", "", "GSI1PK"),
    ("set_status", "never put back"): (', GSI1PK = :waiting"', ', note = :waiting"', "GSI1PK"),
    ("set_status", "key removed always"): ('if status == "PLACED":', "if False:", "GSI1PK"),
    ("set_status", "old copy put back"): (
        "    table.update_item(",
        '    table.put_item(Item={**order, "status": status})\n    table.update_item(',
        "note",
    ),
    ("set_status", "two requests"): (
        "    table.update_item(",
        "    table.get_item(Key=key)\n    table.update_item(",
        "requests for one change",
    ),
    ("backfill", "first page only"): ('if "LastEvaluatedKey" not in page:', "if True:", "orders in the index"),
    ("backfill", "whole items put"): (
        "            table.update_item(",
        '            table.put_item(Item={**order, "cancelled_by": f"CUSTOMER#{order[\'customer_id\']}"})\n'
        "            continue\n            table.update_item(",
        "another client",
    ),
    ("backfill", "every order"): (" AND #status = :cancelled", " AND #status <> :cancelled", "orders in the index"),
    ("backfill", "not idempotent"): (" AND attribute_not_exists(cancelled_by)", "", "second run"),
    ("backfill", "wrong key"): ("CUSTOMER#{order", "CUST#{order", "cancelled_by of each order"),
    ("take", "no condition"): ('ConditionExpression="stock >= :amount",', "", "kettles"),
    ("take", "wrong condition"): ("stock >= :amount", "stock > :zero_is_not_defined", "raised"),
    ("take", "the last ones refused"): ("stock >= :amount", "stock > :amount", "take the last lamps"),
    ("take", "off by one is not seen by luck"): ("stock - :amount", "stock - :amount - :amount", "lamps left"),
    ("take", "error let through"): ("return False", "raise", "raised ConditionalCheckFailed"),
    ("transfer", "no condition"): ('"ConditionExpression": "stock >= :amount",', "", "True"),
    ("transfer", "half of it"): ('[{"Update": less}, {"Update": more}]', '[{"Update": less}]', "stock after it"),
    ("transfer", "two transactions"): (
        'client.transact_write_items(TransactItems=[{"Update": less}, {"Update": more}])',
        'client.transact_write_items(TransactItems=[{"Update": less}]);'
        ' client.transact_write_items(TransactItems=[{"Update": more}])',
        "writing requests",
    ),
    ("revenue", "cancelled ones too"): (' and item["status"] != "CANCELLED"', "", "cents by country"),
    ("revenue", "every type"): ('item["type"] == "Order" and ', "", "raised KeyError"),
}  # fmt: skip

NAIVE_TAKE = """
def take(table, product, amount):
    stock = table.get_item(Key={"PK": product})["Item"]["stock"]
    if stock < amount:
        return False
    table.put_item(Item={"PK": product, "stock": stock - amount})
    return True
"""


@pytest.mark.parametrize(("exercise", "mistake"), MUTANTS)
def test_a_mistake_is_caught_and_explained(exercise, mistake):
    right, wrong, word = MUTANTS[exercise, mistake]
    source = sources()[1][exercise]
    assert right in source
    with pytest.raises(CheckFailed) as caught:
        check(exercise, source.replace(right, wrong))
    assert word in str(caught.value)


def test_read_then_write_loses_an_update():
    with pytest.raises(CheckFailed, match="lamps left"):
        check("take", NAIVE_TAKE)


@pytest.mark.parametrize("exercise", CHECKS)
def test_an_exercise_not_begun_says_so(exercise):
    def blank(*_):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match="not written yet"):
        CHECKS[exercise][1](blank)
