// Makes the model of the directives that the reader has found.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/nginx/meaning.h"
#include "config/nginx/model.h"
#include "config/nginx/reader.h"

namespace tierce::config::nginx {

struct Interpretation {
  Model model;
  std::vector<std::string> warnings;  // With their places, as nginx writes them behind "[warn] ".
};

// Fails with nginx's message and place. Where reading ended with an error, what was read until then is interpreted
// first: nginx does both at once, so the first error of the file is the one that is said. The warnings, those
// before it as well, go to `warned`, if given.
Result<Interpretation> interpret(const Reading& reading, std::vector<std::string>* warned = nullptr);

// Goes on behind errors, which are added to `errors`, those of the reading first. What is said wrongly is not in the
// model.
Interpretation interpret_as_far_as_possible(const Reading& reading, std::vector<Error>& errors);

// For those who write meanings.
class Interpreter {
 public:
  // `errors`: where they go; nullptr: the first one ends it.
  explicit Interpreter(const Reading& reading, std::vector<Error>* errors = nullptr)
      : configuration_(reading.configuration), hosts_(*reading.hosts), errors_(errors) {}

  Result<Interpretation> run(const std::vector<Node>& nodes);
  // The directives of a block.
  Done block(const std::vector<Node>& nodes, Level& level);

  // A word with variables: they are asked for when http ends, since they may be defined behind their use.
  Result<TextValue> text(std::string_view word, Place place);
  // "$name" of set, map and the like; a map, a set or an expression may define a name that another one defined.
  Result<std::string> define_variable(std::string_view word);
  // The named groups of an expression are variables.
  Result<Expression> expression(std::string_view text, Regex::Case letters);
  void warn(Place place, std::string_view what);
  // An error that says where it is, or of which nginx does not say it.
  Failure<Error> refuse_at(Place place, std::string_view what);

  // Of what is said in the whole file, before or behind this.
  void use_thread_pool(std::string name, Place place) { used_pools_.emplace_back(std::move(name), place); }

  HostAddresses& hosts() { return hosts_; }
  Model& model() { return made_.model; }
  const std::vector<std::string>& warnings() const { return made_.warnings; }
  // At the end of http: inheritance, location trees, variables, listeners.
  Done finish_http(const Level& http);

 private:
  Done inherit_all(const Level& http);
  void inherit_location(Location& location, const Level& outer);
  Done prepare_locations(Location& location);
  Done check_variables();
  Done check_consistency(const Location& location, Place place, const HttpSettings& http);
  Done gather_listeners();
  Done check_certificates();
  Done check_names();
  Done check_thread_pools();

  // Keeps an error where they are collected; else it is what comes back.
  Done keep(Done failed);

  const Configuration& configuration_;
  HostAddresses& hosts_;
  std::vector<Error>* errors_;
  Interpretation made_;
  std::vector<std::pair<std::string, Place>> used_variables_;  // In their order: the first unknown one is said.
  std::set<std::string, std::less<>> defined_variables_;
  std::vector<std::pair<std::string, Place>> used_pools_;
  bool placed_ = false;  // The error under way names its place already.
};

}  // namespace tierce::config::nginx
