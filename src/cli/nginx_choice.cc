#include "cli/nginx_choice.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "config/nginx/interpreter.h"
#include "config/nginx/normal_path.h"

namespace tierce::cli {
namespace {

using namespace config::nginx;  // NOLINT: all of it is about these

std::string first_return(const std::vector<Instruction>& instructions) {
  for (const Instruction& instruction : instructions) {
    if (const auto* answer = std::get_if<Return>(&instruction))
      return fmt::format("{} {}", answer->status, answer->text.written);
  }
  return "";
}

std::string answer_of(const Model& model, const std::string& address, const std::string& host,
                      const std::string& target) {
  const auto local = parse_listen_address(address);
  const Listener* listener = local ? find_listener(model, *local) : nullptr;
  if (listener == nullptr) return "closed";
  const auto name = host == "-" ? std::optional<std::string>("") : normal_host(host);
  if (!name) return "400 ";
  const Server& server = choose_server(*listener, *name);
  const auto slashes = server.settings.merge_slashes.value_or(true) ? Slashes::kMerged : Slashes::kKept;
  const auto path = normal_path(target, slashes);
  if (!path) return "400 ";
  if (std::string text = first_return(server.root.instructions); !text.empty()) return text;
  const auto found = server.root.choices.find(path->path, passes_on);
  if (found.lacks_slash) return "301 ";
  if (found.node == nullptr) return "404 ";
  return passes_on(*found.node) ? "pass" : first_return(found.node->instructions);
}

}  // namespace

int choose_for_each_line(const std::string& path) {
  const Reading reading = read_as_far_as_possible({.path = path, .globals = ""}, this_machine());
  const auto made = interpret(reading);
  if (!made) {
    std::fprintf(stderr, "nginx: [emerg] %s\n", made.error().text().c_str());
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string address, host, target;
    words >> address >> host >> target;
    std::puts(answer_of(made->model, address, host, target).c_str());
  }
  return 0;
}

}  // namespace tierce::cli
