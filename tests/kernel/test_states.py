"""The core against the real kernel: after every step the kernel holds what the model says."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Pool, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import overlaid, plan, with_weights_of
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, run_command, stop_daemons
from ansible_collections.lvs.cluster.tests.unit.ipvs_strategies import (
    edited,
    kinds_of,
    pools,
    server_settings,
    service_keys,
    tables,
)
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule


class KernelTable(RuleBasedStateMachine):
    """Tables that follow one another, in the kernel and in the model."""

    def __init__(self) -> None:
        super().__init__()
        stop_daemons()  # they exclude tunnels to the other family
        run(["ipvsadm", "-C"])
        self.ipvsadm = Ipvsadm(run_command, "ipvsadm")
        self.model: Table = {}

    def converge(self, desired: Table) -> None:
        self.ipvsadm.apply(plan(self.ipvsadm.table(), desired))
        self.model = desired

    @rule(table=tables(3))
    def replace_the_table(self, table: Table) -> None:
        self.converge(table)

    @rule(table=tables(2))
    def add_and_edit(self, table: Table) -> None:
        self.converge(overlaid(self.model, table))

    @rule(data=st.data())
    def edit_what_is_there(self, data: st.DataObject) -> None:
        self.converge(data.draw(edited(self.model)))

    @rule(data=st.data())
    def edit_every_server(self, data: st.DataObject) -> None:
        self.converge(
            {
                key: Pool(
                    pool.service,
                    {
                        each: data.draw(server_settings(each, data.draw(st.sampled_from(kinds_of(key, each)))))
                        for each in pool.servers
                    },
                )
                for key, pool in self.model.items()
            }
        )

    @rule(data=st.data())
    def edit_all_but_weights(self, data: st.DataObject) -> None:
        self.converge(with_weights_of(self.model, data.draw(edited(self.model))))

    @rule(data=st.data())
    def change_a_service(self, data: st.DataObject) -> None:
        if self.model:
            key = data.draw(st.sampled_from(sorted(self.model)))
            self.converge({**self.model, key: data.draw(pools(key))})

    @rule(data=st.data())
    def remove_a_service(self, data: st.DataObject) -> None:
        if self.model:
            gone = data.draw(st.sampled_from(sorted(self.model)))
            self.converge({key: pool for key, pool in self.model.items() if key != gone})

    @rule(data=st.data())
    def somebody_else_interferes(self, data: st.DataObject) -> None:
        """What another writer left is found, and taken over or taken away by the next step."""
        key = data.draw(service_keys())
        if key not in self.model:
            pool: Pool = data.draw(pools(key))
            self.ipvsadm.apply(plan({}, {key: pool}))
            self.model = {**self.model, key: pool}

    @invariant()
    def the_kernel_holds_what_the_model_says(self) -> None:
        held = self.ipvsadm.table()
        assert held == self.model
        assert plan(held, self.model) == []


TestKernelTable = KernelTable.TestCase
TestKernelTable.settings = settings(
    max_examples=20,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    # A shorter way to a failure would take minutes of processes to find.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
