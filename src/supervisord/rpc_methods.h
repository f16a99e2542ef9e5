// The methods of the API: supervisor.* and system.*. One table names each with its parameters, its help and its
// function; nothing that is not in it can be called.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "supervisord/rpc_value.h"
#include "supervisord/server.h"

namespace tierce::supervisord {

// An answer that may take a while: asked at every turn of the loop, until it is one.
using Pending = std::function<std::optional<Outcome>()>;

// Answers, or begins what is answered later. `server` outlives the answer.
Pending call_method(Server& server, const std::string& name, const Value::Array& parameters);

}  // namespace tierce::supervisord
