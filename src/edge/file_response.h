// The response that a file makes of a request: conditions, ranges, the fields that describe it.
#pragma once

#include <string>
#include <string_view>

#include "edge/ready_response.h"
#include "http/conditional.h"
#include "os/document_root.h"

namespace tierce::edge {

struct FileRequest {
  http::Conditions conditions;
  std::string_view range;
  http::ModifiedSince modified_since = http::ModifiedSince::kExact;
};

// `type` may be empty; `extra` holds whole header lines that describe the file (Expires, Content-Encoding).
ReadyResponse make_file_response(os::OpenFile file, std::string_view type, std::string_view extra,
                                 const FileRequest& request);

}  // namespace tierce::edge
