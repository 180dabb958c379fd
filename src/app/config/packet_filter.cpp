#include "app/config/packet_filter.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace togglecast::app {
namespace {

std::string canonical_address(const std::string& text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  return error ? text : address.to_string();
}

}  // namespace

Result<PacketFilter> PacketFilter::parse(const std::vector<std::string>& items) {
  PacketFilter filter;
  for (const std::string& item : items) {
    const std::size_t colon = item.find(':');
    const std::string kind = item.substr(0, colon);
    const std::string name = colon == std::string::npos ? std::string() : item.substr(colon + 1);
    boost::system::error_code error;
    if (item == "all") {
      filter.all_ = true;
    } else if ((kind == "client" || kind == "admin") && !name.empty()) {
      filter.names_.push_back(item);
    } else if (kind == "address" && (boost::asio::ip::make_address(name, error), !error)) {
      filter.addresses_.push_back(canonical_address(name));
    } else {
      return fail(Errc::invalid_argument,
                  "'" + item + "' names no connections; write all, client:KEY, admin:USERNAME or address:IP");
    }
  }
  return filter;
}

PacketFilter::Verdict PacketFilter::judge(const std::string& address) const {
  if (all_) return Verdict::yes;
  if (!addresses_.empty() &&
      std::find(addresses_.begin(), addresses_.end(), canonical_address(address)) != addresses_.end())
    return Verdict::yes;
  return names_.empty() ? Verdict::no : Verdict::when_named;
}

bool PacketFilter::includes(std::string_view kind, std::string_view name) const {
  return std::any_of(names_.begin(), names_.end(), [&](std::string_view one) {
    return one.size() == kind.size() + 1 + name.size() && one.starts_with(kind) && one[kind.size()] == ':' &&
           one.ends_with(name);
  });
}

}  // namespace togglecast::app
