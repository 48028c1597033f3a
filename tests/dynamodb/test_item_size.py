from decimal import Decimal

import pytest

from engineroom.dynamodb.item_size import item_size, number_size, value_size


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("-1", 3),
        ("10", 2),
        ("99", 2),
        ("100", 2),
        ("101", 3),
        ("1000", 2),
        ("1001", 3),
        ("12345", 4),
        ("-12345", 5),
        ("0.1", 2),
        ("0.01", 2),
        ("0.001", 2),
        ("1.5", 3),
        ("-0.5", 3),
        ("1E+100", 2),
        ("12345678901234567890123456789012345678", 20),
        ("1.2345678901234567890123456789012345678", 21),
    ],
)
def test_a_number_takes_a_byte_per_pair_of_digits(number, size):
    assert number_size(Decimal(number)) == size


def test_writing_a_number_with_more_zeros_changes_nothing():
    for same in ("7", "7.0", "07", "7.000", "70E-1"):
        assert number_size(Decimal(same)) == 2


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 2),
        ("漢", 3),
        ("🚀", 4),
        (b"\x00\xff", 2),
        (None, 1),
        (True, 1),
        (False, 1),
        ([], 3),
        ({}, 3),
        ([1], 6),
        ({"a": 1}, 7),
        ([[]], 7),
        ({"a": {"b": "c"}}, 11),
        ({"x", "yz"}, 3),
        ({1, 10}, 4),
    ],
)
def test_each_type_has_its_price(value, size):
    assert value_size(value) == size


def test_names_count_and_count_in_utf8():
    assert item_size({"né": "x"}) == 4
    assert item_size({"PK": "A", "SK": "B", "a": None}) == 8


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0.5, r"no type for float \(write Decimal"),
        (object(), "no type for object"),
        (set(), "set is empty"),
        ({"a", 1}, "only strings, only numbers"),
        (Decimal("NaN"), "finite numbers only"),
        (Decimal("1" * 39), "39 significant digits"),
    ],
)
def test_what_dynamodb_cannot_store_is_refused_in_a_sentence(value, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        value_size(value)
