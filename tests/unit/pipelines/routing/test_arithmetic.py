"""Sums that do not come out are found; what cannot be read for certain is no sum."""

from __future__ import annotations

import time

import pytest

from pipelines.routing.arithmetic import false_sums


@pytest.mark.parametrize(
    "text",
    [
        "12 * 3 = 38", "You pay 3 times 25, and 3 * 25 = 85 in the whole.",
        "48/2 = 24. Then 24 + 48 = 62", "10/3 = 3.4", "15% of 80 = 13", "3乘以4等于13",
        "5 plus 3 equals 9",
        "1,200 + 300 = 1,400", "**3 + 4 = 8**", "\\(3 \\times 4 = 11\\)", "(3 + 4) * 2 = 15", "x = 5 + 3 = 9",
        "$3.50 × 2 = $8.00", "1/3 ≈ 0.5", "7 = 3 + 5", "200 + 150 = 340 points", "合计 30 + 45 = 85 元",
        "- 25 + 17 = 32", "60 * 24 = 1400 minutes", "1. 7 - 9 = 2", "100 + 20 = 110%", "17 - 4 = 13 = 14 - 2",
    ],
)  # fmt: skip
def test_a_sum_that_does_not_come_out_is_found(text: str) -> None:
    assert len(false_sums(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "12 * 3 = 36", "x + 3 = 7", "2x + 3 - 1 = 7", "f(2) + 1 = 4", "x^2 = 4", "sqrt(16) + 3 = 7", "√16 + 3 = 7",
        "10/3 = 3.33", "2/3 = 0.67", "2/3 = 0.66", "40/36 = 1.1111111111111112", "15% of 80 = 12", "100 - 20% = 80",
        "1,200 + 300 = 1,500", "1,5 + 2 = 3,5", "1.000 + 500 = 1.500", "0-10 = 1 point", "90-100 = 4.0",
        "2010-2015 = 5 years", "1+1=2,2+2=4", "1 + 1 = 10 in binary", "2+2=5 is false", "3 * 4 = 12 + 5 = 17",
        "在二进制里 1 + 1 = 10", "$3.50 × 2 = $7.00", "**3 + 4 = 7**", "1. 3 + 4 = 7", "- 3 + 4 = 7",
        "* 3 + 4 = 7", "3 * 400,000 = 1.2 million", "3 * 40 = 0.012万", "30 + 45 = 1:15", "10:30 + 2 = 12:30",
        "1/3 ≈ 0.33", "22/7 ≈ 3.14159", "17 / 5 = 3 remainder 2", "17 / 5 = 3 r 2", "sin 30 + 2 = 2.5",
        "a = 3, b = 4", "24 / 60 = 40%", "100 * 0.15 = 15%", "100% / 20% = 5", "(1/3) * 100 ≈ 33.33%", "5! = 120",
        "10 km / 2 h = 5 km/h", "y = 2 * 3 + b", "4 + 5! = 124", "10 + 2 = 0 mod 12", "2024-01-05 = Friday",
        "1 / 0 = 5", "9 / 2 = 4 1/2", "007 + 1 = 8", "(" * 5_000 + "1" + ")" * 5_000 + " + 1 = 2",
        "1" * 5_000 + " + 1 = 2", "= = 3 + 4 =", "3 + 4 = x", "call 555 - 1234 = home",
    ],
)  # fmt: skip
def test_what_comes_out_or_cannot_be_read_is_left_alone(text: str) -> None:
    assert false_sums(text) == []


def test_each_line_is_read_by_itself_and_a_book_is_not_read_whole() -> None:
    assert false_sums("3 + 4 =\n8") == []
    assert false_sums("1 + 1 = 3\n2 + 2 = 5") == ["1 + 1 = 3", "2 + 2 = 5"]
    assert false_sums("= 1 + " * 100_000) == []


@pytest.mark.parametrize("text", ["a=1;" * 5_000, "pi = x " + "14159 " * 3_333, "1 = " * 5_000, "3 x " * 5_000])
def test_no_line_holds_a_worker(text: str) -> None:
    began = time.process_time()
    false_sums(text)
    assert time.process_time() - began < 2.0  # of a tenth of that; what was quadratic took a quarter of a minute


def test_a_long_paragraph_is_read_sentence_by_sentence() -> None:
    words = "This is what you pay for it in the end. " * 20
    assert false_sums(f"{words}So 3 * 25 = 85 euros. {words}") == ["3 * 25 = 85"]
