"""Changes, liftings and withdrawals: what must fit together, and what is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from advisory.types import Level
from alerts.compose import compose
from alerts.types import Observed, Occasion


@pytest.fixture
def write(make_advice, now):
    def write(occasion, level=Level.EVACUATE, form="plain", **changes):
        values = {
            "city_name": "いわき市",
            "river_names": ["夏井川"],
            "expires": now + timedelta(hours=6),
            "drill": False,
            "occasion": occasion,
        }
        return compose(make_advice(level), form=form, **{**values, **changes})

    return write


def test_a_raised_level_says_from_which(write):
    said = write(Occasion("raised", before=Level.ELDERLY)).body.decode()
    assert "【変更】警戒レベル3、高齢者等避難から引き上げました。" in said


def test_a_lowered_level_no_longer_says_that_the_danger_grows(write):
    said = write(Occasion("lowered", before=Level.EMERGENCY)).body.decode()
    assert "氾濫するおそれがあります" in said
    assert "高まって" not in said


def test_after_level_5_people_stay_where_they_are_safe(write):
    said = write(Occasion("lowered", before=Level.EMERGENCY)).body.decode()
    assert "今いる安全な場所にとどまって" in said
    assert "小学校" not in said


def test_a_lifting_says_so_in_subject_and_first_line_and_not_that_the_order_goes_on(write):
    message = write(Occasion("lifted"))
    assert message.subject == "警戒レベル4 避難指示を解除 平地区"
    said = message.body.decode()
    assert said.startswith("警戒レベル4、避難指示を解除\n")
    assert "続きます" not in said


def test_a_withdrawal_names_the_message_it_takes_back(write, now):
    # 90 minutes before 21:00 in Japan is 19:30
    occasion = Occasion("withdrawn", earlier=now - timedelta(minutes=90))
    assert "19時30分に平地区へお知らせした" in write(occasion).body.decode()


def test_yesterdays_message_is_named_with_its_date(write, now):
    occasion = Occasion("corrected", earlier=now - timedelta(hours=22))  # 23:00 the day before
    assert "2026年9月7日23時00分のお知らせに誤り" in write(occasion).body.decode()


def test_the_mayors_deadline_is_told_and_level_5_has_none(write, now):
    until = now + timedelta(hours=2)
    assert "23時00分までに終えて" in write(Occasion(), finish_by=until).body.decode()
    assert "23時00分" not in write(Occasion(), Level.EMERGENCY, finish_by=until).body.decode()


def test_many_rivers_are_named_up_to_three(write):
    said = write(Occasion(), river_names=[f"第{number}川" for number in range(1, 6)])
    assert "第1川・第2川・第3川などが氾濫" in said.body.decode()
    assert "第4川" not in said.body.decode()


def test_inland_water_names_no_river_in_its_subject(write):
    message = write(Occasion(), hazard="inland")
    assert message.subject.endswith("平地区(内水氾濫)")
    assert "夏井川" not in message.body.decode()


def test_a_landslide_order_lets_nobody_stay_upstairs(write):
    said = write(Occasion(), hazard="landslide").body.decode()
    assert "屋内で安全を確保" not in said
    assert "崖の近く" in said


def test_a_rise_of_the_river_is_no_reason_for_inland_water(write, now):
    seen = [Observed("夏井川", "鎌田", now, 5.0, True)]
    assert "増水し" not in write(Occasion(), hazard="inland", observed=seen).body.decode()


@pytest.mark.parametrize(
    ("occasion", "fault"),
    [
        (Occasion("raised"), "before must be an order"),
        (Occasion("raised", before=Level.EMERGENCY), "before must be an order"),
        (Occasion("lowered", before=Level.EVACUATE), "before must be an order"),
        (Occasion("corrected"), "earlier must say when"),
        (Occasion("changed"), "changed must name shelters, deadline or both"),
        (Occasion("changed", changed=("deadline",)), "needs finish_by"),
    ],
)
def test_an_occasion_that_does_not_fit_is_refused(write, occasion, fault):
    with pytest.raises(ValueError, match=fault):
        write(occasion)


def test_times_in_the_wrong_order_are_refused(write, now):
    with pytest.raises(ValueError, match="earlier must not be after"):
        write(Occasion("corrected", earlier=now + timedelta(minutes=1)))
    with pytest.raises(ValueError, match="finish_by must lie after"):
        write(Occasion(), finish_by=now)


@pytest.mark.parametrize("kind", ["lifted", "withdrawn"])
def test_the_emergency_mail_of_an_end_fits_even_in_a_drill(write, now, kind):
    occasion = Occasion(kind, earlier=now - timedelta(minutes=90))
    message = write(occasion, form="urgent", drill=True)
    assert len(message.subject) <= 15
    assert ("解除" if kind == "lifted" else "誤り") in message.body.decode()
