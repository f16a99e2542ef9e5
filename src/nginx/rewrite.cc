#include "nginx/rewrite.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "http/hex_digit.h"
#include "nginx/error_logs.h"
#include "nginx/paths.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

constexpr int kStop = 1000;  // Of run(): no further instruction, and no status.

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool applies(Request& request, const conf::Condition& condition) {
  Site& site = request.site;
  std::string room, other;
  const std::string_view left = site.text(request, condition.left, room);
  const auto file = [&](auto test) {
    struct stat info {};
    return ::stat(std::string(left).c_str(), &info) == 0 && test(info.st_mode);
  };
  switch (condition.kind) {
    case conf::Condition::Kind::kNotEmpty:
      return !left.empty() && left != "0";
    case conf::Condition::Kind::kEqual:
      return left == site.text(request, condition.right, other);
    case conf::Condition::Kind::kMatches: {
      const Regex& regex = *condition.expression.regex;
      const std::string subject(left);
      if (!regex.matches(subject)) {
        request.captures.clear();
        return false;
      }
      request.take_captures(regex, subject);
      return true;
    }
    case conf::Condition::Kind::kFile:
      return file([](mode_t mode) { return S_ISREG(mode); });
    case conf::Condition::Kind::kDirectory:
      return file([](mode_t mode) { return S_ISDIR(mode); });
    case conf::Condition::Kind::kExists:
      return file([](mode_t) { return true; });
    case conf::Condition::Kind::kExecutable:
      return file([](mode_t mode) { return (mode & S_IXUSR) != 0; });
  }
  return false;
}

// Escapes of a redirect that need not be are undone up to the '?', as nginx does.
std::string unescaped_redirect(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '?') return out.append(text.substr(i));
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = http::hex_digit(text[i + 1]), low = http::hex_digit(text[i + 2]);
      const int c = high < 0 || low < 0 ? -1 : high * 16 + low;
      if (c > '%' && c < 0x7f) {
        out += static_cast<char>(c);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

struct Replaced {
  std::string path, arguments;
  bool has_arguments = false;  // There was a '?' in the replacement.
};

// Captures are escaped where what they were taken from was, and where they may not end what they stand in.
Replaced replace(Request& request, const conf::Rewrite& rewrite) {
  Replaced made;
  const bool escapes_came = request.raw_target().find_first_of("%+") != std::string_view::npos;
  const bool redirect =
      rewrite.then == conf::Rewrite::Then::kRedirect || rewrite.then == conf::Rewrite::Then::kPermanent;
  std::string value;
  for (const conf::TextPart& part : rewrite.replacement.parts) {
    std::string& out = made.has_arguments ? made.arguments : made.path;
    switch (part.kind) {
      case conf::TextPart::Kind::kLiteral: {
        const std::size_t mark = made.has_arguments ? std::string::npos : part.text.find('?');
        out.append(part.text, 0, mark);
        if (mark == std::string::npos) break;
        made.has_arguments = true;
        made.arguments.append(part.text, mark + 1);
        break;
      }
      case conf::TextPart::Kind::kCapture: {
        const auto index = static_cast<std::size_t>(part.capture);
        if (index >= request.captures.size()) break;
        if (escapes_came && (redirect || made.has_arguments)) {
          append_escaped(out, request.captures[index], Escape::kArguments);
        } else {
          out += request.captures[index];
        }
        break;
      }
      case conf::TextPart::Kind::kVariable:
        value.clear();
        request.site.variable(request, part.text, value);
        out += value;
        break;
    }
  }
  return made;
}

void log_rewrite(Request& request, std::string_view what) {
  if (request.settings->rewrite_log.value_or(false)) request.site.error_logs().line(Level::kNotice, request, what);
}

class Run {
 public:
  Run(Request& request, bool* uri_changed) : request_(request), uri_changed_(uri_changed) {}

  int all(const std::vector<conf::Instruction>& instructions) {
    for (const conf::Instruction& each : instructions) {
      if (const int outcome = std::visit([this](const auto& what) { return run(what); }, each); outcome != kNext)
        return outcome;
    }
    return kNext;
  }

 private:
  int run(const conf::Break&) {
    *uri_changed_ = false;
    return kStop;
  }

  int run(const conf::Set& what) {
    const Variable& variable = request_.site.variables().at(request_.site.variables().slot_of(what.variable));
    std::string value = request_.site.text(request_, what.value);
    if (variable.write != nullptr) {
      variable.write(request_, value);
    } else if (variable.stored) {
      if (request_.set.size() <= variable.number) request_.set.resize(request_.site.variables().stored_count());
      request_.set[variable.number] = std::move(value);
    }
    return kNext;
  }

  int run(const conf::If& what) {
    if (applies(request_, what.condition) == what.condition.negated) return kNext;
    request_.settings = &what.inside->settings;
    request_.inside_if = what.inside.get();
    return all(what.inside->instructions);
  }

  int run(const conf::Return& what) {
    const bool says_nothing = !what.has_text || (what.text.constant() && what.text.written.empty());
    if (what.status >= 400 && says_nothing) return what.status;
    Response& response = request_.response;
    response.status = what.status;  // $status may be part of the text.
    std::string text = what.has_text ? request_.site.text(request_, what.text) : std::string();
    response.restart();
    if (is_redirect(what.status)) {
      if (text.empty()) response.fields.set("Location", "location", "");
      response.location = std::move(text);
      return what.status;
    }
    response.status = what.status;
    if (what.status == 204) return kSend;
    // Behind X-Accel-Redirect the type is that of who sent it.
    response.content_type = request_.accel_type.empty() ? request_.site.content_type_of(request_, request_.uri)
                                                        : std::string_view(request_.accel_type);
    response.set_text(std::move(text));
    return kSend;
  }

  int run(const conf::Rewrite& what) {
    const std::string subject = request_.uri;
    if (!what.expression.regex->matches(subject)) {
      request_.captures.clear();
      log_rewrite(request_, fmt::format("\"{}\" does not match \"{}\"", what.expression.text, subject));
      return kNext;
    }
    log_rewrite(request_, fmt::format("\"{}\" matches \"{}\"", what.expression.text, subject));
    request_.take_captures(*what.expression.regex, subject);
    Replaced made = replace(request_, what);
    const bool keeps_arguments = !what.drops_arguments && !request_.args.empty();
    using Then = conf::Rewrite::Then;
    if (what.then == Then::kRedirect || what.then == Then::kPermanent) {
      std::string whole = std::move(made.path);
      if (made.has_arguments) whole.append("?").append(made.arguments);
      whole = unescaped_redirect(whole);
      if (keeps_arguments) whole.append(made.has_arguments ? "&" : "?").append(request_.args);
      log_rewrite(request_, fmt::format("rewritten redirect: \"{}\"", whole));
      request_.response.restart();
      request_.response.location = std::move(whole);
      return what.then == Then::kPermanent ? 301 : 302;
    }
    if (made.has_arguments) {
      if (keeps_arguments) made.arguments.append("&").append(request_.args);
      request_.args = std::move(made.arguments);
    } else if (what.drops_arguments) {
      request_.args.clear();
    }
    request_.internal = true;
    request_.valid_raw_uri = false;
    if (made.path.empty()) {
      request_.site.error_logs().line(Level::kError, request_, "the rewritten URI has a zero length");
      return 500;
    }
    request_.uri = std::move(made.path);
    log_rewrite(request_, fmt::format("rewritten data: \"{}\", args: \"{}\"", request_.uri, request_.args));
    *uri_changed_ = what.then != Then::kBreak;
    if (what.then == Then::kBreak) request_.valid_location = false;
    return what.then == Then::kNext ? int{kNext} : kStop;
  }

  Request& request_;
  bool* uri_changed_;
};

}  // namespace

int run_instructions(Request& request, const std::vector<conf::Instruction>& instructions, bool* uri_changed) {
  if (instructions.empty()) return kNext;
  const int outcome = Run(request, uri_changed).all(instructions);
  return outcome == kStop ? int{kNext} : outcome;
}

}  // namespace tierce::nginx
