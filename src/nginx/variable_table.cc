#include "nginx/variable_table.h"

#include "config/nginx/values.h"
#include "nginx/made_variables.h"
#include "nginx/request.h"
#include "nginx/site.h"

namespace tierce::nginx {
VariableTable::VariableTable() {
  variables_.push_back(std::make_unique<Variable>());  // Slot 0 is that of a text part which was not looked up yet.
}

Result<void> VariableTable::open(const conf::Model& model) {
  for (const auto& each : model.http.maps) {
    auto made = make_map(each);
    if (!made) return fail(std::move(made).error());
    define(each.variable, std::move(*made)).cached = !each.of_each_use;
  }
  for (const auto& each : model.http.geos) {
    auto made = make_geo(each);
    if (!made) return fail(std::move(made).error());
    define(each.variable, std::move(*made));
  }
  for (const auto& each : model.http.splits) define(each.variable, make_split(each));
  return {};
}

Variable& VariableTable::define(const std::string& name, MakeVariable made) {
  Variable& variable = *variables_.emplace_back(std::make_unique<Variable>());
  variable.stored = true;
  variable.number = stored_++;
  variable.make = std::move(made);
  slots_[name] = static_cast<std::uint32_t>(variables_.size() - 1);
  return variable;
}

std::uint32_t VariableTable::slot_of(std::string_view name) {
  const std::string key(name);
  if (const auto known = slots_.find(key); known != slots_.end()) return known->second;
  Variable variable;
  std::string_view argument;
  variable.read = find_own_variable(name, &argument);
  variable.argument = argument;
  const bool changeable = name == "msie" || name == "ancient_browser" || name == "modern_browser";
  if (changeable) {
    // `set` may give it another value.
    variable.make = [read = variable.read](Request& request, std::string& out) { return read(request, {}, out); };
    variable.read = nullptr;
  }
  if (variable.read == nullptr) {
    variable.stored = true;
    variable.number = stored_++;
  }
  if (name == "args" || name == "query_string") {
    variable.write = [](Request& request, const std::string& value) {
      request.args = value;
      request.valid_raw_uri = false;
    };
  } else if (name == "limit_rate") {
    variable.write = [](Request& request, const std::string& value) {
      const auto bytes = conf::parse_size(value, false);
      request.limit_rate = bytes ? std::to_string(*bytes) : std::string();
    };
  }
  variables_.push_back(std::make_unique<Variable>(std::move(variable)));
  const auto slot = static_cast<std::uint32_t>(variables_.size() - 1);
  slots_[key] = slot;
  return slot;
}

bool VariableTable::append(Request& request, std::uint32_t slot, std::string& out) {
  const Variable& variable = *variables_[slot];
  if (!variable.stored) return variable.read(request, variable.argument, out);
  if (request.set.size() <= variable.number) request.set.resize(stored_);
  auto& value = request.set[variable.number];
  if (value) {
    out += *value;
    return true;
  }
  if (!variable.make) return false;
  const std::size_t before = out.size();
  if (!variable.make(request, out)) return false;
  // The function may have made others: the place of this one has to be found again.
  if (variable.cached) request.set[variable.number] = out.substr(before);
  return true;
}

}  // namespace tierce::nginx
