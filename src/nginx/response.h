// A response on its way to the client: what is known of its head, and its body where that is at hand. A body that is
// still coming is written in pieces (responder.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/ready_response.h"
#include "nginx/field_list.h"
#include "nginx/small_files.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

struct Response {
  int status = 0;
  std::string reason;  // As an upstream sent it; "": the registered one.
  FieldList fields;    // All that have no member of their own.
  FieldList trailers;  // Behind the body; known when it ends.
  bool trailers_follow = false;
  std::string content_type;
  std::string charset;   // Behind the type, where it has none.
  std::string location;  // Of a redirect; one that begins with a slash may become absolute.
  std::string etag;      // With its quotes.
  std::time_t last_modified = -1;
  std::int64_t content_length = -1;  // -1: not known.
  bool ranges = false;               // A part of it may be sent alone.
  bool single_range = false;         // ... but only one, cut out of the body as it passes.
  bool parts_done = false;           // It is such a part already.
  bool no_conditions = false;        // If-Modified-Since and its kin do not apply.

  // Of a body that is written in pieces: what goes on of what is still to be written.
  struct Cut {
    std::uint64_t skip = 0, left = 0;
    std::string_view of(std::string_view bytes) {
      const auto before = static_cast<std::size_t>(std::min<std::uint64_t>(skip, bytes.size()));
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size() - before));
      skip -= before;
      left -= taken;
      return bytes.substr(before, taken);
    }
  };
  std::optional<Cut> cut;

  // The body: texts and parts of a file.
  std::vector<edge::ReadyResponse::Part> parts;
  os::UniqueFd file;
  std::shared_ptr<SmallFile> small_file;  // In place of `file`.
  bool from_file() const { return file || small_file != nullptr; }

  void clear() {
    restart();
    fields.clear();
  }
  // Another answer in place of this one; fields that were added stay, as WWW-Authenticate does on an error page.
  void restart() {
    status = 0;
    reason.clear();
    trailers.clear();
    trailers_follow = false;
    content_type.clear();
    charset.clear();
    location.clear();
    clear_validators();
    content_length = -1;
    ranges = single_range = parts_done = no_conditions = false;
    cut.reset();
    clear_body();
  }
  void clear_validators() {
    etag.clear();
    last_modified = -1;
    ranges = false;
  }
  void clear_body() {
    parts.clear();
    file = os::UniqueFd();
    small_file.reset();
  }
  void set_text(std::string text) {
    content_length = static_cast<std::int64_t>(text.size());
    clear_body();
    parts.push_back({.text = std::move(text)});
  }
};

}  // namespace tierce::nginx
