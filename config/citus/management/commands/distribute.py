from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from config.citus.cluster import read_cluster
from config.citus.distribution_plan import DistributionPlan, read_placed, read_plan
from config.citus.distribution_run import DistributionRun
from config.citus.partitioned import statements_to_restore
from config.citus.plan_report import IN_PLACE, TAKEN_BACK, describe_plan, describe_return
from config.citus.undo_statements import statements_back
from config.console import add_database_option, ask, chosen_connection, counted
from config.drift import verify
from config.migrating import Progress, check_migrated, guarded_run


class Command(BaseCommand):
    """Exit status 0: distributed, or nothing to do; 1: refused or failed; 130: Ctrl-C."""

    help = (
        "Place the tables of a migrated database, empty or full, on the servers of its Citus "
        "cluster as the models declare. Shows the plan and asks. The next run continues an "
        "interrupted one."
    )
    requires_system_checks = ("models",)

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add_database_option(parser)
        add("--plan", "--dry-run", action="store_true", help="Show the plan, and change nothing.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")
        add("--undo", action="store_true", help="Take all tables back to the coordinator.")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        self.connection = chosen_connection(options["database"])
        self.cluster = read_cluster(self.connection)
        if options["undo"]:
            self.take_back()
        else:
            check_migrated(self.connection)
            self.distribute()

    def distribute(self) -> None:
        plan = read_plan(self.connection)
        left = statements_to_restore(verify(self.connection)) if plan.is_empty else []
        if plan.is_empty and not left:
            self.say(f"Nothing to do. {IN_PLACE}.")
            return
        if self.may_go_on(describe_plan(plan, self.cluster, left), plan):
            with guarded_run(self.connection, Progress("distribute"), self.say) as waits:
                run = DistributionRun(self.connection, waits, self.say)
                run.distribute(read_plan(self.connection))  # another run may have done a part
                run.restore_keys(statements_to_restore(verify(self.connection)), "added again")
            placed = f"Placed {counted(len(plan.layout), 'table')}"
            self.check_schema(placed if plan.layout else IN_PLACE)

    def take_back(self) -> None:
        plan = read_placed(self.connection)
        left = [] if plan.layout else self.all_statements_back()
        if not plan.layout and not left:
            self.say(f"Nothing to do. {TAKEN_BACK}.")
            return
        if self.may_go_on(describe_return(plan, self.cluster, left), plan):
            with guarded_run(self.connection, Progress("distribute --undo"), self.say) as waits:
                run = DistributionRun(self.connection, waits, self.say)
                run.take_back(plan)
                run.restore_keys(self.all_statements_back(), "changed back")
            returned = f"Took back {counted(len(plan.layout), 'table')}"
            self.check_schema(returned if plan.layout else TAKEN_BACK)

    def all_statements_back(self) -> list[str]:
        """Return the statements that restore all keys of a single server."""
        comparison = verify(self.connection)
        keys = [*statements_back(comparison), *statements_to_restore(comparison)]
        return list(dict.fromkeys(keys))

    def may_go_on(self, description: str, plan: DistributionPlan) -> bool:
        """Show the plan, and return whether to carry it out."""
        if self.options["verbosity"] or self.options["interactive"]:
            self.stdout.write(description)
        if self.options["plan"]:
            return False
        if self.options["interactive"]:
            self.connection.close()  # the server may end an idle session
            ask(self.stdout, plan.schema.database, "--noinput")
        return True

    def check_schema(self, done: str) -> None:
        """Raise CommandError if the schema differs from the models."""
        self.connection.close()  # the settings of the database apply to new sessions only
        if findings := verify(self.connection, ignored=settings.VERIFY_SCHEMA_IGNORE).findings:
            raise CommandError(
                f"{done}, but verify_schema finds {counted(len(findings), 'difference')}. "
                "Run manage.py verify_schema."
            )
        self.say(self.style.SUCCESS(f"{done}. The schema agrees with the models."))

    def say(self, message: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(message)
            self.stdout.flush()
