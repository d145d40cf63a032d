"""A claim changes with its own number, not with what stands beside it in brackets."""

from __future__ import annotations

import pytest

from attnlab.verdicts import Verdict
from attnlab.verdicts.changed import Claims, claims, read
from attnlab.verdicts.difference import difference
from attnlab.verdicts.told import Told


def verdict(number: str, chance: str, condition: str = "n = 8") -> Verdict:
    told = Told(f"It is named in {number} of trials", (condition,), "200 trials", (chance,))
    return Verdict((told.sentence(),), told=(told,))


def compared(one: Verdict, other: Verdict) -> Claims:
    def moved(a: str, b: str) -> bool:
        left, right = read(a), read(b)
        return bool(left and right and difference(left, right, False).clear)

    return claims(one, other, moved)


NUMBER, CHANCE = "44.0 % [37.3, 50.9]", "chance 12.5 % [12.4, 12.6]"


@pytest.mark.parametrize(
    "chance",
    [
        "chance 25.0 % [24.9, 25.1]",
        "chance 12.5 %",
        "chance 12.5 % throughout",
        "chance unknown, as n differs",
    ],
)
def test_where_chance_alone_moved_the_claim_stands(chance: str) -> None:
    found = compared(verdict(NUMBER, CHANCE), verdict("45.0 % [38.2, 51.9]", chance, "n = 16"))
    assert found.changed == () and len(found.again) == 1


def test_where_its_number_moved_it_changed() -> None:
    found = compared(verdict(NUMBER, CHANCE), verdict("84.0 % [77.3, 88.9]", CHANCE))
    assert len(found.changed) == 1 and found.again == ()


def test_of_two_sentences_the_partner_has_the_words_of_the_claim() -> None:
    """Two claims that differ in their brackets alone are told apart by these."""
    one, other = (verdict(NUMBER, CHANCE, words) for words in ("Gaussian values", "clustered values"))
    both = Verdict((*one.sentences, *other.sentences), told=(*one.told, *other.told))
    far = verdict("84.0 % [77.3, 88.9]", CHANCE, "clustered values")
    again = verdict("45.0 % [38.2, 51.9]", CHANCE, "Gaussian values")
    second = Verdict((*far.sentences, *again.sentences), told=(*far.told, *again.told))
    found = compared(both, second)
    assert found.again == ((one.sentences[0], again.sentences[0]),)
    assert found.changed == ((other.sentences[0], far.sentences[0]),)
