import pytest

from hub_server.watch.observation import Kind, lookalike_margin, vouches


@pytest.mark.parametrize("kind", Kind)
def test_a_car_may_have_another_driver_and_everything_else_vouches(kind: Kind) -> None:
    assert vouches(kind, own_vehicle=True)
    assert vouches(kind, own_vehicle=False) is (kind is not Kind.VEHICLE)


def test_two_people_are_told_apart_by_more_with_each_mistake_up_to_a_limit() -> None:
    margins = [lookalike_margin(None)]
    for _ in range(5):
        margins.append(lookalike_margin(margins[-1]))
    assert margins == [0.10, 0.15, 0.20, 0.25, 0.25, 0.25]
