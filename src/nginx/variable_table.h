// Which variables there are and how each gets its value: nginx's own are read from the request, the others were
// defined by set, map, geo, split_clients or a named group.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/nginx/model.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Request;
class Site;

// Appends the value; false: there is none, which logs show as "-" and texts as nothing.
using ReadVariable = bool (*)(Request& request, std::string_view argument, std::string& out);
// Of map and its kin, with what was prepared.
using MakeVariable = std::function<bool(Request& request, std::string& out)>;

struct Variable {
  ReadVariable read = nullptr;
  std::string argument;      // Of a family: "x_forwarded_for" of $http_x_forwarded_for.
  std::uint32_t number = 0;  // Of Request::set, where the configuration defines it.
  bool stored = false;
  MakeVariable make;
  bool cached = true;                                                   // Made once a request; map's `volatile` is not.
  void (*write)(Request& request, const std::string& value) = nullptr;  // `set` of one of nginx's own.
};

class VariableTable {
 public:
  VariableTable();
  // Those that the configuration makes. Fails with nginx's words.
  Result<void> open(const conf::Model& model);

  // Known to exist: the configuration has been checked.
  std::uint32_t slot_of(std::string_view name);
  const Variable& at(std::uint32_t slot) const { return *variables_[slot]; }
  std::uint32_t stored_count() const { return stored_; }
  bool append(Request& request, std::uint32_t slot, std::string& out);

 private:
  Variable make(std::string_view name);
  Variable& define(const std::string& name, MakeVariable made);

  std::unordered_map<std::string, std::uint32_t> slots_;
  std::vector<std::unique_ptr<Variable>> variables_;
  std::uint32_t stored_ = 0;
};

// The version of nginx whose behaviour is followed: $nginx_version.
inline constexpr std::string_view kNginxVersion = "1.22.1";

// nginx's own; nullptr: none of this name.
ReadVariable find_own_variable(std::string_view name, std::string_view* argument);
// Those of a TLS connection ($ssl_...).
ReadVariable find_tls_variable(std::string_view name);

}  // namespace tierce::nginx
