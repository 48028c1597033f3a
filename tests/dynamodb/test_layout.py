import dataclasses

import pytest

from engineroom.dynamodb.entities import Entity
from engineroom.dynamodb.example_designs import SINGLE_TABLE
from engineroom.dynamodb.item_size import item_size
from engineroom.dynamodb.key_templates import KeyTemplate, TemplateError, shard_of
from engineroom.dynamodb.layout import Design, DesignError, Layout
from engineroom.dynamodb.schema import Index, Table


def one(columns, keys, table=None):
    """Lay out a single entity "Thing"."""
    return Layout(Design(table or Table(), {"Thing": keys}), {"Thing": Entity("Thing", ["n"], columns)})


@pytest.mark.parametrize("name", SINGLE_TABLE)
def test_sizes_by_columns_equal_sizes_item_by_item(name, layouts):
    layout = layouts(name)
    assert layout.sizes.tolist() == [item_size(layout.item(n)) for n in range(layout.count)]


@pytest.mark.parametrize("projection", ["KEYS_ONLY", ("title",)])
def test_projected_sizes_equal_the_entries(projection, layouts):
    index = Index("inverted", "GSI1PK", "GSI1SK", projection)
    design = dataclasses.replace(SINGLE_TABLE["films"], table=Table(indexes=(index,)))
    layout = layouts("films", design)
    store = layout.store("inverted")
    entries = {
        n: layout.table.entry(index, layout.item(n)) for group in store.members.values() for n in group
    }
    assert entries and all(store.sizes[n] == item_size(e) for n, e in entries.items())
    assert not store.complete


@pytest.mark.parametrize("name", SINGLE_TABLE)
def test_every_store_is_sorted_and_sparse_as_the_items_say(name, layouts):
    layout = layouts(name)
    for index in layout.table.indexes:
        store = layout.store(index.name)
        assert all((group := store.collection(key)) == sorted(group) for key in store.members)
        inside = sum(map(len, store.members.values()))
        assert inside == sum(
            layout.table.entry(index, layout.item(n)) is not None for n in range(layout.count)
        )


def test_unpadded_numbers_sort_as_text():
    orders = lambda template: [  # noqa: E731
        n for _, n in one({"n": [9, 10, 2]}, {"PK": "A", "SK": template}).store().collection(("A",))
    ]
    assert orders("{n}") == [1, 2, 0]
    assert orders("{n:03d}") == [2, 0, 1]


@pytest.mark.parametrize(
    ("columns", "keys", "sentence"),
    [
        ({"n": [1, 2]}, {"PK": "A", "SK": "B"}, "Thing 1 and Thing 2 have the same primary key A/B"),
        ({"n": [1, None]}, {"PK": "A#{n}", "SK": "B"}, "Thing row 1 has no PK"),
        ({"n": [1]}, {"PK": "A#{n}"}, "Thing row 0 has no SK"),
        ({"n": ["é" * 1025]}, {"PK": "{n}", "SK": "B"}, "PK has 2,050 bytes; the most is 2,048"),
        ({"n": ["é" * 513]}, {"PK": "A", "SK": "{n}"}, "SK has 1,026 bytes; the most is 1,024"),
        ({"n": [1], "body": ["x" * 410_000]}, {"PK": "A", "SK": "B"}, "400 KB at most"),
    ],
)
def test_data_that_does_not_fit_is_refused_in_a_sentence(columns, keys, sentence):
    with pytest.raises(DesignError, match=sentence):
        one(columns, keys)


def test_a_key_attribute_must_have_one_type_and_be_somebody_s():
    table = Table(indexes=(Index("by_x", "x"), Index("by_y", "y")))
    layout = one({"n": [1, 2], "x": [1, "one"]}, {"PK": "{n}", "SK": "B"}, table)
    with pytest.raises(DesignError, match="values of type int and str"):
        layout.store("by_x")
    with pytest.raises(DesignError, match="No entity has 'y'"):
        layout.store("by_y")


@pytest.mark.parametrize(
    ("text", "row", "key"),
    [
        ("ORDER#{order_id:08d}", {"order_id": 42}, "ORDER#00000042"),
        ("PROFILE", {}, "PROFILE"),
        ("{city}#{country}", {"city": "Köln", "country": "DE"}, "Köln#DE"),
        ("{{x}}#{a}", {"a": 1}, "{x}#1"),
        ("W#{at} if status=OPEN", {"at": "1", "status": "OPEN"}, "W#1"),
        ("W#{at} if status=OPEN", {"at": "1", "status": "DONE"}, None),
        ("S#{user%10}", {"user": 123}, "S#3"),
        ("{city}", {"city": None}, None),
    ],
)
def test_templates_make_keys(text, row, key):
    assert KeyTemplate(text).render(row) == key


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("A{", "can't be read"),
        ("{a b}", "not an attribute"),
        ("{a!r}", "not an attribute"),
        ("A if status", "'if' is not like"),
        ("{missing}", "names 'missing'; Thing has: n"),
        ("{n:zz}", "does not fit Thing"),
    ],
)
def test_templates_that_cannot_be_read_say_why(text, sentence):
    with pytest.raises(TemplateError, match=sentence):
        KeyTemplate(text).render_all({"n": [1]}, 1, "Thing")


def test_shards_are_the_same_everywhere_and_even():
    assert [shard_of(n, 4) for n in range(5)] == [0, 1, 2, 3, 0]
    assert shard_of("user-1", 10) == 4
    counts = [0] * 8
    for n in range(8000):
        counts[shard_of(f"user-{n}", 8)] += 1
    assert min(counts) > 900
