#include "edge/response_wire.h"

#include "http/fastcgi_record.h"

namespace tierce::edge {

std::string ResponseWire::end() const {
  std::string records;
  if (!is_fastcgi()) return records;
  http::append_record(records, http::RecordType::kStdout, request_id, {});
  http::append_end_request(records, request_id, http::ProtocolStatus::kRequestComplete);
  return records;
}

}  // namespace tierce::edge
