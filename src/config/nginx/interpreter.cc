#include "config/nginx/interpreter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "config/nginx/consistency.h"
#include "config/nginx/lexer.h"
#include "config/nginx/variables.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

Level level_of(Location& location, const Level& outer) {
  Level level = outer;
  level.location = &location.settings;
  level.of_location = &location;
  return level;
}

}  // namespace

Result<Interpretation> Interpreter::run(const std::vector<Node>& nodes) {
  Level level{.main = &made_.model.main};
  if (auto done = block(nodes, level); !done) return fail(std::move(done).error());
  if (auto done = check_thread_pools(); !done) return fail(std::move(done).error());
  return std::move(made_);
}

Done Interpreter::block(const std::vector<Node>& nodes, Level& level) {
  for (const Node& node : nodes) {
    const std::string& name = node.words.front();
    const Meaning* meaning = meaning_of(name, area_of(static_cast<std::uint16_t>(level.context)));
    if (meaning != nullptr && meaning->answer == Answer::kNoEffect && meaning->apply == nullptr) continue;
    auto done = Done();
    if (meaning == nullptr || meaning->answer == Answer::kNotBuiltYet) {
      done = refuse_at(node.place, not_built_yet(name));
    } else {
      done = meaning->apply(*this, level, node);
    }
    if (done) continue;
    if (!placed_) done = refuse_at(node.place, done.error().text());
    if (auto kept = keep(std::move(done)); !kept) return kept;
  }
  return {};
}

Done Interpreter::keep(Done failed) {
  if (errors_ == nullptr) return failed;
  errors_->push_back(std::move(failed).error());
  placed_ = false;
  return {};
}

Failure<Error> Interpreter::refuse_at(Place place, string_view what) {
  placed_ = true;
  return fail(Error(fmt::format("{} in {}", what, configuration_.where(place))));
}

void Interpreter::warn(Place place, string_view what) {
  made_.warnings.push_back(fmt::format("{} in {}", what, configuration_.where(place)));
}

Result<TextValue> Interpreter::text(string_view word, Place place) {
  auto value = parse_text_value(word);
  if (!value) return value;
  for (const TextPart& part : value->parts) {
    if (part.kind == TextPart::Kind::kVariable) used_variables_.emplace_back(part.text, place);
  }
  return value;
}

Result<std::string> Interpreter::define_variable(string_view word) {
  if (word.size() < 2 || word.front() != '$') return fail(Error(fmt::format("invalid variable name \"{}\"", word)));
  std::string name(word.substr(1));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (!may_be_defined(name)) return fail(Error(fmt::format("the duplicate \"{}\" variable", word.substr(1))));
  defined_variables_.insert(name);
  return name;
}

Result<Expression> Interpreter::expression(string_view text, Regex::Case letters) {
  auto made = compile_expression(text, letters);
  if (!made) return made;
  for (const auto& [name, group] : made->regex->names()) {
    if (auto defined = define_variable("$" + name); !defined) return fail(std::move(defined).error());
  }
  return made;
}

Done Interpreter::finish_http(const Level& http) {
  if (auto done = inherit_all(http); !done) return done;
  for (const auto& server : made_.model.servers) {
    if (auto done = prepare_locations(server->root); !done) return done;
  }
  if (auto done = gather_listeners(); !done) return done;
  if (auto done = check_certificates(); !done) return done;
  if (auto done = check_variables(); !done) return done;
  for (const auto& server : made_.model.servers) {
    if (auto wrong = wrong_header_buffers(server->settings)) {
      if (auto kept = keep(refuse_at(server->place, *wrong)); !kept) return kept;
    }
    if (auto done = check_consistency(server->root, server->place, *http.http); !done) return done;
  }
  return check_names();
}

Done Interpreter::inherit_all(const Level& http) {
  Level level = http;
  for (const Meaning& meaning : http_meanings()) {
    if (meaning.fallback.empty() || meaning.given == nullptr || meaning.given(level)) continue;
    const std::string line = fmt::format("{} {};", meaning.name, meaning.fallback);
    const auto statement = Lexer(line).next();
    if (!statement) return fail(statement.error());
    if (auto done = meaning.apply(*this, level, {.words = statement->words}); !done) return done;
  }
  for (const auto& server : made_.model.servers) {
    Level inner = http;
    inner.of_server = server.get();
    inner.server = &server->settings;
    inherit_location(server->root, http);
    for (const Meaning& meaning : http_meanings()) {
      // What belongs to servers: locations have had theirs.
      Level outer = http;
      inner.location = outer.location = nullptr;
      if (meaning.inherit != nullptr) meaning.inherit(inner, outer);
    }
  }
  return {};
}

void Interpreter::inherit_location(Location& location, const Level& outer) {
  const Level level = level_of(location, outer);
  Level inner = level, around = outer;
  inner.server = around.server = nullptr;
  for (const Meaning& meaning : http_meanings()) {
    if (meaning.inherit != nullptr) meaning.inherit(inner, around);
  }
  for (const auto& each : location.locations) inherit_location(*each, level);
  for (Instruction& instruction : location.instructions) {
    auto* branch = std::get_if<If>(&instruction);
    if (branch == nullptr) continue;
    inherit_location(*branch->inside, level);
    inherit_handler(branch->inside->settings, location.settings);
  }
  if (location.limit_except) {
    Level except = level;
    except.location = &location.limit_except->settings;
    except.server = nullptr;
    for (const Meaning& meaning : http_meanings()) {
      if (meaning.inherit != nullptr) meaning.inherit(except, inner);
    }
    inherit_handler(location.limit_except->settings, location.settings);
  }
}

Done Interpreter::prepare_locations(Location& location) {
  for (const auto& each : location.locations) {
    // Of several with one name the first is found, as in nginx.
    const bool named = each->pattern->kind == LocationPattern::Kind::kNamed;
    if (location.choices.add(*each->pattern, *each) != nullptr && !named)
      return refuse_at(each->place, fmt::format("duplicate location \"{}\"", each->pattern->text));
    if (auto done = prepare_locations(*each); !done) return done;
  }
  return {};
}

Done Interpreter::check_variables() {
  for (const auto& [name, place] : used_variables_) {
    if (is_own_variable(name) || defined_variables_.contains(name)) continue;
    if (auto kept = keep(refuse_at(place, fmt::format("unknown \"{}\" variable", name))); !kept) return kept;
  }
  return {};
}

Done Interpreter::check_consistency(const Location& location, Place place, const HttpSettings& http) {
  if (auto wrong = contradiction(location.settings, http, made_.model)) {
    if (auto kept = keep(refuse_at(place, *wrong)); !kept) return kept;
  }
  if (auto wrong = missing_port(location.settings, made_.model)) {
    if (auto kept = keep(refuse_at(wrong->place, wrong->text)); !kept) return kept;
  }
  for (const auto& each : location.locations) {
    if (auto done = check_consistency(*each, each->place, http); !done) return done;
  }
  return {};
}

Done Interpreter::gather_listeners() {
  Model& model = made_.model;
  for (const auto& server : model.servers) {
    for (const Listen& listen : server->listens) {
      auto found = std::find_if(model.listeners.begin(), model.listeners.end(),
                                [&](const Listener& each) { return each.address.text() == listen.address.text(); });
      if (found == model.listeners.end()) {
        model.listeners.push_back({.address = listen.address, .fallback = server.get()});
        found = model.listeners.end() - 1;
      }
      if (listen.options_given) found->options = listen.options;
      found->tls = found->tls || listen.tls;
      found->http2 = found->http2 || listen.http2;
      found->proxy_protocol = found->proxy_protocol || listen.proxy_protocol;
      if (listen.is_default) found->fallback = server.get();
      found->servers.push_back(server.get());
    }
  }
  for (Listener& listener : model.listeners) listener.tls = listener.tls || *listener.fallback->settings.tls.on;
  return {};
}

// A server that speaks TLS needs a certificate, and each of them a key.
Done Interpreter::check_certificates() {
  for (const auto& server : made_.model.servers) {
    const TlsServerSettings& tls = server->settings.tls;
    if (*tls.on && tls.certificates.empty() && !*tls.reject_handshake)
      return refuse_at(tls.on_place, "no \"ssl_certificate\" is defined for the \"ssl\" directive");
    if (tls.keys.size() >= tls.certificates.size()) continue;
    placed_ = true;  // nginx names the certificate instead.
    return fail(Error(fmt::format("no \"ssl_certificate_key\" is defined for certificate \"{}\"",
                                  tls.certificates[tls.keys.size()].written)));
  }
  for (const Listener& listener : made_.model.listeners) {
    const Server& server = *listener.fallback;
    const TlsServerSettings& tls = server.settings.tls;
    if (listener.tls && tls.certificates.empty() && !*tls.reject_handshake)
      return refuse_at(server.place, "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive");
  }
  return {};
}

Done Interpreter::check_names() {
  for (Listener& listener : made_.model.listeners) {
    for (std::size_t i = 0; i < listener.servers.size(); ++i) {
      for (const ServerName& name : listener.servers[i]->names) {
        if (!listener.names.add(name, i))
          made_.warnings.push_back(
              fmt::format("conflicting server name \"{}\" on {}, ignored", name.written, listener.address.text()));
      }
    }
  }
  return {};
}

Done Interpreter::check_thread_pools() {
  const std::vector<std::string>& pools = made_.model.main.thread_pools;
  for (const auto& [name, place] : used_pools_) {
    if (name == "default" || std::find(pools.begin(), pools.end(), name) != pools.end()) continue;
    if (auto kept = keep(refuse_at(place, fmt::format("unknown thread pool \"{}\"", name))); !kept) return kept;
  }
  return {};
}

Result<Interpretation> interpret(const Reading& reading, std::vector<std::string>* warned) {
  Interpreter interpreter(reading);
  auto made = interpreter.run(reading.configuration.nodes);
  if (warned != nullptr) *warned = made ? made->warnings : interpreter.warnings();
  if (made && reading.error) return fail(*reading.error);
  return made;
}

Interpretation interpret_as_far_as_possible(const Reading& reading, std::vector<Error>& errors) {
  errors.insert(errors.end(), reading.further.begin(), reading.further.end());
  auto made = Interpreter(reading, &errors).run(reading.configuration.nodes);
  if (reading.error) errors.push_back(*reading.error);
  check(made.has_value(), "an interpreter that keeps errors does not end with one");
  return std::move(*made);
}

}  // namespace tierce::config::nginx
