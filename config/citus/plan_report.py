"""The plan of a distribution as text."""

from collections.abc import Iterator, Sequence

from config.citus.cluster import Cluster
from config.citus.distribution_plan import Amount, DistributionPlan
from config.console import counted, counted_bytes
from config.postgres.citus import SEQUENTIAL

IN_PLACE = "Each table is placed as its model declares"
TAKEN_BACK = "All tables are on the coordinator"


def describe_plan(plan: DistributionPlan, cluster: Cluster, left: Sequence[str] = ()) -> str:
    """Return the tables to move, the keys that change, and the keys that Citus cannot keep.

    `left` are the statements that an interrupted run did not reach.
    """
    lines = [*_lines(plan), *_statements(left)]
    return "\n".join([f"{cluster}, database {plan.schema.database}", "", *lines])


def describe_return(plan: DistributionPlan, cluster: Cluster, left: Sequence[str] = ()) -> str:
    """Return the tables to take back, and a sentence about their keys."""
    lines = [
        f"{cluster}, database {plan.schema.database}",
        "",
        *_tables(plan, "take back", TAKEN_BACK),
    ]
    lines += _statements(left)
    lines += [
        "",
        "Afterwards, the coordinator has all rows, with the keys that the models declare.",
    ]
    return "\n".join(lines)


def _lines(plan: DistributionPlan) -> Iterator[str]:
    yield from _tables(plan, "place", IN_PLACE)
    changed = {key: after for key, (_, after) in plan.keys.items() if after}
    if changed:
        yield "\nKeys that change, because they must contain the distribution column:"
        yield from (f"  {key.table}: {key.name} {after}" for key, after in changed.items())
    if plan.lost:
        yield "\nForeign keys that Citus cannot keep. PostgreSQL no longer checks their columns:"
        yield from (f"  {key.table}: {key.name} {plan.keys[key][0]}" for key in plan.lost)
    if not plan.is_set:
        yield f"\nSetting of the database that sessions need: {SEQUENTIAL}"


def _statements(left: Sequence[str]) -> list[str]:
    """Return the statements with a heading, or nothing if there are none."""
    heading = "\nLeft to do from an earlier run:"
    return [heading, *(f"  {sql}" for sql in left)] if left else []


def _tables(plan: DistributionPlan, verb: str, otherwise: str) -> Iterator[str]:
    """Yield a line for each table and the sum, or a sentence if no table is left."""
    if not plan.layout:
        yield f"{otherwise}."
        return
    width = max(map(len, plan.layout))
    for table, placement in plan.layout.items():
        yield f"  {table:<{width}}  {_amount(plan.amounts[table]):>26}  {placement}"
    amounts = plan.amounts.values()
    total = Amount(sum(one.rows for one in amounts), sum(one.bytes for one in amounts))
    yield f"{counted(len(plan.layout), 'table')} to {verb}: {_amount(total)}"


def _amount(amount: Amount) -> str:
    return f"{counted(amount.rows, 'row')}, {counted_bytes(amount.bytes)}"
