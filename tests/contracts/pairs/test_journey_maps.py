"""Journey maps read the same on every pair of stores."""

from __future__ import annotations

from pathlib import Path

from foretell.measure import maps
from tests.support.features_shop import AS_OF, load, opened
from tests.unit.measure.test_map_show import FADING, MAP, SEGMENT, people, read


def test_maps_read_the_same(tmp_path: Path, pair: str) -> None:
    with opened(tmp_path, maps__way=MAP, maps__fading=FADING, segments__helped=SEGMENT) as shop:
        load(shop, "people", people())
        told, fading = read(shop, by="segment"), read(shop, "fading", since=AS_OF - (AS_OF - read(shop).since) / 6)
        look, want, buy = told.stages
        assert (look.people, want.people, buy.people, want.missed) == (25, 13, 2, 2), pair
        assert look.going.course == maps.Course(entered=24, ahead=1, next=12, skipped=1, stopped=6, not_yet=4)
        assert look.going.median_hours is not None
        assert look.going.median_hours.value == 7
        assert {one.key: (one.people, one.volume) for one in told.touchpoints}["order"] == (2, 4)
        (group,) = (one for one in told.groups if one.key == "helped")
        assert group.people == {"look": 6, "want": 0, "buy": 0}
        assert [stage.exact for stage in fading.stages] == [True, False, True]
        assert [stage.people for stage in fading.stages] == [25, 0, 2]
        place = shop.workspace
        for what, count in (("skipped", 1), ("not_yet", 4), ("went_on", 13), ("missed", 0)):
            asked = maps.MapPeople(what, "look")
            total, keys = maps.people_of(place.engine, place.reader, place.catalog, "way", asked, now=AS_OF)
            assert (total, len(keys)) == (count, count), (pair, what)
