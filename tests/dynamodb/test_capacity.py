from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from capacity_oracle import Ledger, item_bytes
from random_operations import TABLE, operations

from engineroom.dynamodb import capacity
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.schema import Index, Table


def wire(item):
    """Write an item as boto3 sends it."""
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


class Model:
    """Applies random operations to a dict and charges them by the model under test."""

    def __init__(self):
        self.items = {}

    def write(self, key, new):
        units = capacity.write_units(TABLE, self.items.get(key), new)
        self.items.pop(key, None)
        if new is not None:
            self.items[key] = new
        return units

    def size(self, key):
        return item_size(self.items[key]) if key in self.items else 0


def both(model, ledger, kind, args):
    """Return the model's and the oracle's charge for one operation, as comparable values."""
    as_key = lambda key: wire({"PK": key[0], "SK": key[1]})  # noqa: E731
    match kind:
        case "put" | "delete" | "touch":
            key, new = args
            if kind == "delete":
                new = None
            if kind == "touch":
                new = model.items.get(key, {"PK": key[0], "SK": key[1]}) | new
            units = model.write(key, new)
            table, indexes = ledger.write(as_key(key), wire(new) if new is not None else None)
            return (units.table, units.indexes), (table, indexes)
        case "refused":
            key, new = args
            mine = capacity.failed_condition_units(model.items.get(key), new)
            return mine, ledger.refused(as_key(key), wire(new))
        case "get":
            key, strong = args
            return 2 * capacity.get_units(model.size(key), consistent=strong), ledger.read_halves(
                as_key(key), strong
            )
        case "batch_get":
            keys, strong = args
            mine = capacity.batch_get_units([model.size(k) for k in keys], consistent=strong)
            return 2 * mine, sum(ledger.read_halves(as_key(k), strong) for k in keys)
        case "transact_get":
            mine = capacity.transact_get_units([model.size(k) for k in args])
            return mine, sum(ledger.read_halves(as_key(k), True) for k in args)
        case "query":
            partition, strong = args
            sizes = [item_size(i) for k, i in model.items.items() if k[0] == partition]
            theirs = [i for i in ledger.items.values() if i["PK"] == {"S": partition}]
            return 2 * capacity.query_units(sizes, consistent=strong), ledger.page_halves(theirs, strong)
        case "transact_write":
            changes, table, indexes = [], 0, {}
            for key, new in args:
                old = model.items.get(key)
                new = old if new == "check" else new
                changes.append((old, new))
                charge, per_index = ledger.write(
                    as_key(key), wire(new) if new is not None else None, factor=2
                )
                table += charge
                for name, units in per_index.items():
                    indexes[name] = indexes.get(name, 0) + units
                model.write(key, new)
            mine = capacity.transact_write_units(TABLE, changes)
            return (mine.table, mine.indexes), (table, indexes)


def test_ten_thousand_random_operations_agree_with_an_independent_oracle():
    model, ledger = Model(), Ledger(TABLE.create_request("t"))
    seen = {}
    for number, (kind, args) in enumerate(operations(seed=2024, count=10_000)):
        mine, theirs = both(model, ledger, kind, args)
        assert mine == theirs, f"operation {number}, {kind}"
        seen[kind] = seen.get(kind, 0) + 1
    assert set(model.items) and len(seen) == 9 and min(seen.values()) > 500


def test_sizes_agree_with_the_oracle_on_every_random_item():
    items = [args[1] for kind, args in operations(seed=7, count=4000) if kind in ("put", "refused")]
    assert len(items) > 1000
    for item in items:
        assert item_size(item) == item_bytes(wire(item))


@pytest.mark.parametrize(
    ("size", "writes", "strong"),
    [(1, 1, 1), (1023, 1, 1), (1024, 1, 1), (1025, 2, 1), (4096, 4, 1), (4097, 5, 2), (102_400, 100, 25)],
)
def test_units_step_at_the_published_edges(size, writes, strong):
    item = {"PK": "k", "SK": "s", "f": "x" * (size - 7)} if size > 7 else {"k": ""}
    assert size <= 7 or item_size(item) == size
    assert capacity.write_units(Table(), None, item).total == writes
    assert capacity.get_units(size, consistent=True) == strong
    assert capacity.get_units(size) == strong / 2


def test_query_rounds_once_where_batch_get_rounds_each():
    sizes = [1536, 6656]  # the guide's example: 1.5 KB and 6.5 KB
    assert capacity.batch_get_units(sizes, consistent=True) == 3
    assert capacity.query_units(sizes, consistent=True) == 2
    assert capacity.transact_get_units(sizes) == 6


def test_reads_of_nothing_are_billed():
    assert capacity.get_units(0, consistent=True) == 1.0
    assert capacity.query_units([]) == 0.5


def test_a_user_with_twenty_orders_read_in_three_ways():
    user, orders = 500, [500] * 20
    assert 21 * capacity.get_units(500) == 10.5
    assert capacity.get_units(user) + capacity.query_units(orders) == 2.0
    assert capacity.query_units([user, *orders]) == 1.5


def test_updating_one_attribute_pays_the_whole_item():
    old = {"PK": "k", "SK": "s", "body": "x" * 102_400, "seen": 0}
    assert capacity.write_units(Table(), old, old | {"seen": 1}).table == 101


def test_index_writes_enter_leave_move_and_stay():
    index = Index("by_status", "status", "at", projection=("title",))
    table = Table(indexes=(index,))
    bare = {"PK": "k", "SK": "s", "body": "long" * 600}
    inside = bare | {"status": "OPEN", "at": "2026", "title": "t"}

    def charge(old, new):
        return capacity.write_units(table, old, new).indexes

    assert charge(None, bare) == {}, "never in the index"
    assert charge(bare, inside) == {"by_status": 1}, "enters"
    assert charge(inside, bare) == {"by_status": 1}, "leaves"
    assert charge(inside, inside | {"status": "DONE"}) == {"by_status": 2}, "moves"
    assert charge(inside, inside | {"title": "u"}) == {"by_status": 1}, "changes in place"
    assert charge(inside, inside | {"body": "short"}) == {}, "nothing projected changed"


def test_true_and_one_are_different_values():
    table = Table(indexes=(Index("i", "a", projection=("flag",)),))
    old = {"PK": "k", "SK": "s", "a": "x", "flag": True}
    assert capacity.write_units(table, old, old | {"flag": 1}).indexes == {"i": 1}
    assert capacity.write_units(table, old, old | {"flag": True}).indexes == {}


def test_transactions_double_the_table_and_not_the_index():
    table = Table(indexes=(Index("i", "a"),))
    item = {"PK": "k", "SK": "s", "a": "x", "f": "x" * 1500}
    units = capacity.transact_write_units(table, [(None, item)])
    assert (units.table, units.indexes) == (4, {"i": 2})
    assert capacity.replay_units([1500]) == 2


@pytest.mark.parametrize(
    ("old", "new", "units"), [(None, 5000, 1), (900, 900, 1), (2500, 900, 3), (900, 2500, 3)]
)
def test_a_refused_write_is_not_free(old, new, units):
    sized = lambda size: None if size is None else {"f": "x" * (size - 1)}  # noqa: E731
    assert capacity.failed_condition_units(sized(old), sized(new)) == units


def test_pages_end_before_the_item_that_crosses_a_megabyte():
    fifty = [50 * 1024] * 30
    assert capacity.page_sizes(fifty) == [20, 10]
    assert capacity.page_sizes([10] * 7, limit=3) == [3, 3, 1]
    assert capacity.page_sizes([]) == [0]
    assert sum(capacity.page_sizes([400 * 1024] * 5)) == 5


def test_an_update_of_a_number_may_change_its_size():
    old = {"PK": "k", "SK": "s", "f": "x" * 1016}
    assert item_size(old) == 1023
    grown = old | {"f": "x" * 1014, "n": Decimal(1)}
    assert item_size(grown) == 1024
    assert capacity.write_units(Table(), old, grown).table == 1
    assert capacity.write_units(Table(), grown, grown | {"n": 101}).table == 2
