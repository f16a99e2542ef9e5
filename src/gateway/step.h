// GATEWAY_STEP() marks each point between two instructions of the protocol at which a worker or an edge
// may die. It is nothing in the product; mailbox_death_test.cc compiles the mailbox with a hook in it
// and kills a real process at each of them.
#pragma once

#ifdef TIERCE_GATEWAY_STEPS
namespace tierce::gateway {
void gateway_step();
}
#define GATEWAY_STEP() ::tierce::gateway::gateway_step()
#else
#define GATEWAY_STEP() static_cast<void>(0)
#endif
