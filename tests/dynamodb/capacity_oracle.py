"""A second opinion on units, written apart from the model and built differently.

It keeps a table of its own in DynamoDB's wire format ({"N": "1"}), applies each operation to it,
and charges by the rules as the developer guide words them. It shares no code with the model.
"""

from __future__ import annotations

import base64
import json
from fractions import Fraction

KB = 1024


def number_bytes(text: str) -> int:
    """Peel base-100 digits off an exact fraction, first above and then below the point."""
    sign, value = (1, -Fraction(text)) if text.startswith("-") else (0, Fraction(text))
    whole, part = divmod(value, 1)
    above, below = [], []
    while whole:
        whole, digit = divmod(whole, 100)
        above.append(int(digit))
    while part:
        digit, part = divmod(part * 100, 1)
        below.append(int(digit))
    line = [*reversed(above), *below]
    while line and line[-1] == 0:
        line.pop()
    while line and line[0] == 0:
        line.pop(0)
    return len(line) + 1 + (sign if line else 0)


def value_bytes(tagged: dict) -> int:
    ((tag, raw),) = tagged.items()
    match tag:
        case "S":
            return len(raw.encode("utf-8"))
        case "N":
            return number_bytes(raw)
        case "B":
            return len(raw)
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(value_bytes({tag[0]: member}) for member in raw)
        case "L":
            return 3 + len(raw) + sum(value_bytes(member) for member in raw)
        case "M":
            return 3 + len(raw) + item_bytes(raw)
    raise AssertionError(tag)


def item_bytes(item: dict) -> int:
    total = 0
    for name, tagged in item.items():
        total += len(bytes(name, "utf-8")) + value_bytes(tagged)
    return total


def started(size: int, unit: int) -> int:
    """Count started units by walking, not by dividing."""
    count = 1
    while count * unit < size:
        count += 1
    return count


def fingerprint(item: dict) -> str:
    """Write an item so that equal items read equal, whatever the order of a set or of names."""

    def canon(tagged):
        ((tag, raw),) = tagged.items()
        if tag == "N":
            return ["N", str(Fraction(raw))]
        if tag == "NS":
            return ["NS", sorted(str(Fraction(member)) for member in raw)]
        if tag in ("B", "BS"):
            members = raw if tag == "BS" else [raw]
            return [tag, sorted(base64.b64encode(bytes(member)).decode() for member in members)]
        if tag == "SS":
            return ["SS", sorted(raw)]
        if tag == "L":
            return ["L", [canon(member) for member in raw]]
        if tag == "M":
            return ["M", {name: canon(member) for name, member in raw.items()}]
        return [tag, raw]

    return json.dumps({name: canon(tagged) for name, tagged in item.items()}, sort_keys=True)


class Ledger:
    """One table in wire format that charges every operation as it is applied."""

    def __init__(self, request: dict):
        self.key = [k["AttributeName"] for k in request["KeySchema"]]
        self.indexes = [
            (
                index["IndexName"],
                [k["AttributeName"] for k in index["KeySchema"]],
                index["Projection"],
            )
            for index in request.get("GlobalSecondaryIndexes", [])
        ]
        self.items: dict[str, dict] = {}

    def address(self, item: dict) -> str:
        return fingerprint({name: item[name] for name in self.key})

    def find(self, item: dict) -> dict | None:
        return self.items.get(self.address(item))

    def stored_in(self, keys, projection, item):
        if item is None or not set(keys) <= set(item):
            return None
        wanted = set(self.key) | set(keys) | set(projection.get("NonKeyAttributes", []))
        everything = projection["ProjectionType"] == "ALL"
        return {name: item[name] for name in item if everything or name in wanted}

    def write(self, key_item: dict, new: dict | None, factor: int = 1) -> tuple[int, dict[str, int]]:
        old = self.find(key_item)
        both = [item_bytes(item) for item in (old, new) if item]
        table = factor * started(max(both, default=0), KB)
        per_index = {}
        for name, keys, projection in self.indexes:
            was, now = self.stored_in(keys, projection, old), self.stored_in(keys, projection, new)
            charge = 0
            if was and now:
                if any(fingerprint({k: was[k]}) != fingerprint({k: now[k]}) for k in keys):
                    charge = started(item_bytes(was), KB) + started(item_bytes(now), KB)
                elif fingerprint(was) != fingerprint(now):
                    charge = started(max(item_bytes(was), item_bytes(now)), KB)
            elif was or now:
                charge = started(item_bytes(was or now), KB)
            if charge:
                per_index[name] = charge
        if new is None:
            self.items.pop(self.address(key_item), None)
        else:
            self.items[self.address(new)] = new
        return table, per_index

    def refused(self, key_item: dict, new: dict | None) -> int:
        old = self.find(key_item)
        if not old:
            return 1
        return max(started(item_bytes(i), KB) for i in (old, new) if i)

    def read_halves(self, key_item: dict, strong: bool) -> int:
        """Return half units, so that all sums stay whole."""
        found = self.find(key_item)
        return (2 if strong else 1) * started(item_bytes(found) if found else 0, 4 * KB)

    def page_halves(self, items: list[dict], strong: bool) -> int:
        return (2 if strong else 1) * started(sum(item_bytes(i) for i in items), 4 * KB)
