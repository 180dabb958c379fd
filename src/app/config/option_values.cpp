#include "app/config/option_values.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "app/config/packet_filter.hpp"
#include "cluster/redis/address.hpp"
#include "cluster/redis_bus.hpp"
#include "egress/address_policy.hpp"
#include "engineio/session_id.hpp"
#include "storage/postgres/connection/target.hpp"
#include "web/own_hosts.hpp"
#include "web/trusted_proxies.hpp"
#include "wire/http/origin.hpp"
#include "wire/http/text.hpp"

namespace togglecast::app {
namespace {

bool is_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

// `*`, `null` or an origin. Pages without an origin send `null`.
Result<std::string> read_origin(const std::string& text) {
  if (text == "*" || wire::http::equal_ignoring_case(text, "null")) return text == "*" ? text : "null";
  if (text.find('*') != std::string::npos)
    return refuse("'" + text + "' is a pattern; list each origin by itself, or allow all origins with *");
  const auto origin = wire::http::parse_origin(text);
  if (!origin)
    return refuse("'" + text + "' is not an origin: " + origin.error().message +
                  "; write one like https://app.example, without a path or a final /");
  return to_string(*origin);
}

}  // namespace

tl::unexpected<Error> refuse(std::string message) { return fail(Errc::invalid_argument, std::move(message)); }

Result<std::uint64_t> read_number(const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < least ||
      value > most)
    return refuse("'" + text + "' is not a number from " + std::to_string(least) + " to " +
                  std::to_string(most));
  return value;
}

Result<void> read_switch(bool& into, const Values& values) {
  const std::string& text = values.front();
  if (text != "on" && text != "off" && text != "true" && text != "false")
    return refuse("'" + text + "' is neither on nor off");
  into = text == "on" || text == "true";
  return {};
}

Result<void> read_rate(double& into, const Values& values) {
  const auto rate = read_number(values.front(), 1, 1'000'000);
  if (!rate) return tl::unexpected(rate.error());
  into = static_cast<double>(*rate);
  return {};
}

Result<void> set_data(Settings& settings, const Values& values) {
  if (values.front().empty()) return refuse("the name of the data folder is empty; name a folder");
  settings.data = values.front();
  return {};
}

// The text may hold a password, so no message quotes it.
Result<void> set_store(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  if (!storage::postgres::is_target(text))
    return refuse(
        "this is no PostgreSQL database; write it like postgresql://USER@HOST/DATABASE, or leave the option "
        "out to keep all data in a file of --data");
  if (auto readable = storage::postgres::check_target(text); !readable)
    return refuse(readable.error().message);
  settings.store = text;
  return {};
}

Result<void> set_store_listen(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  if (text != kListenOff) {
    if (!storage::postgres::is_target(text))
      return refuse("write a database like postgresql://USER@HOST/DATABASE, or off");
    if (auto readable = storage::postgres::check_target(text); !readable)
      return refuse(readable.error().message);
  }
  settings.store_listen = text;
  return {};
}

Result<void> set_drain(Settings& settings, const Values& values) {
  return read_number(values.front(), 0, 3'600).map([&](std::uint64_t value) {
    settings.drain = std::chrono::seconds{value};
  });
}

Result<void> set_store_wait(Settings& settings, const Values& values) {
  return read_number(values.front(), 0, 86'400).map([&](std::uint64_t value) {
    settings.store_wait = std::chrono::seconds{value};
  });
}

bool includes(const std::string& all, const std::string& one) {
  const auto wide = boost::asio::ip::make_address(all), narrow = boost::asio::ip::make_address(one);
  return wide == narrow || (wide.is_unspecified() && wide.is_v4() == narrow.is_v4());
}

Result<void> set_listen(Settings& settings, const Values& values) {
  for (const std::string& address : values) {
    if (is_address(address)) continue;
    const std::size_t colon = address.rfind(':');
    if (colon != std::string::npos && is_address(address.substr(0, colon)))
      return refuse("'" + address + "' has a port; write --listen " + address.substr(0, colon) + " --port " +
                    address.substr(colon + 1));
    return refuse("'" + address + "' is not a numeric address; write one like 192.0.2.1, 0.0.0.0 or ::");
  }
  auto& listen = settings.listen;
  listen.clear();
  for (const std::string& address : values) {
    const auto covers = [&address](const std::string& other) { return includes(other, address); };
    if (std::any_of(listen.begin(), listen.end(), covers)) continue;
    std::erase_if(listen, [&address](const std::string& other) { return includes(address, other); });
    listen.push_back(address);
  }
  return {};
}

Result<void> set_origins(Settings& settings, const Values& values) {
  settings.cors_origins.clear();
  for (const std::string& value : values) {
    auto origin = read_origin(value);
    if (!origin) return tl::unexpected(origin.error());
    settings.cors_origins.push_back(*std::move(origin));
  }
  return {};
}

Result<void> set_redis(Settings& settings, const Values& values) {
  // The text may have a password, so no message repeats it.
  if (auto address = cluster::redis::parse_address(values.front()); !address)
    return tl::unexpected(address.error());
  settings.redis = Secret(values.front());
  return {};
}

Result<void> set_redis_sentinel_user(Settings& settings, const Values& values) {
  const std::string& name = values.front();
  if (name.empty() || name.size() > 128 || name.find_first_of(" \t\r\n") != std::string::npos)
    return fail(Errc::invalid_argument, "must be 1 to 128 characters without spaces");
  settings.redis_sentinel_user = name;
  return {};
}

Result<void> set_redis_prefix(Settings& settings, const Values& values) {
  if (auto ok = cluster::check_redis_prefix(values.front()); !ok) return ok;
  settings.redis_prefix = values.front();
  return {};
}

Result<void> set_public_urls(Settings& settings, const Values& values) {
  if (auto hosts = web::OwnHosts::parse(values); !hosts) return refuse(hosts.error().message);
  settings.public_urls = values;
  return {};
}

Result<void> set_forwarded(Settings& settings, const Values& values) {
  using web::ForwardedBy;
  const std::string& text = values.front();
  if (text == "x-forwarded") {
    settings.forwarded = ForwardedBy::x_forwarded;
  } else if (text == "forwarded") {
    settings.forwarded = ForwardedBy::forwarded;
  } else if (text == "proxy") {
    settings.forwarded = ForwardedBy::proxy_protocol;
  } else {
    return refuse("'" + text + "' is not x-forwarded, forwarded or proxy");
  }
  return {};
}

Result<void> set_node_tag(Settings& settings, const Values& values) {
  if (!engineio::to_node_tag(values.front()))
    return refuse("'" + values.front() + "' is not two letters, digits, '-' or '_'");
  settings.node_tag = values.front();
  return {};
}

Result<void> set_cors_headers(Settings& settings, const Values& values) {
  const auto is_token = [](const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             std::string_view("!#$%&'+-.^_`|~").find(c) != std::string_view::npos;
    });
  };
  for (const std::string& name : values)
    if (!is_token(name))
      return refuse("'" + name +
                    "' is not the name of a header; write one like x-tenant, and list each by itself");
  settings.cors_headers = values;
  return {};
}

Result<void> set_proxies(Settings& settings, const Values& values) {
  if (auto blocks = web::TrustedProxies::parse(values); !blocks)
    return refuse(blocks.error().message + "; write one like 192.0.2.1 or 10.0.0.0/8");
  settings.trusted_proxies = values;
  return {};
}

Result<void> set_egress_allow(Settings& settings, const Values& values) {
  if (auto policy = egress::AddressPolicy::with(values); !policy) return refuse(policy.error().message);
  settings.egress_allow = values;
  return {};
}

Result<void> set_egress_proxy(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  const bool known = text.starts_with("http://") || text.starts_with("https://");
  if (!known || text.find('@') != std::string::npos)
    return refuse("'" + text + "' must look like http://host:port, without a user");
  settings.egress_proxy = text;
  return {};
}

Result<void> set_metrics_listen(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (colon == std::string::npos || !is_address(address))
    return refuse("'" + text +
                  "' is not an address with a port; write one like 127.0.0.1:9100 or [::1]:9100");
  Endpoint endpoint{std::move(address)};
  return set_number(endpoint.port, text.substr(colon + 1), 0, 65'535).map([&] {
    settings.metrics_listen = std::move(endpoint);
  });
}

Result<void> set_log_format(Settings& settings, const Values& values) {
  using observe::LogFormat;
  const std::string& text = values.front();
  if (text == "auto") {
    settings.log.format = LogFormat::automatic;
  } else if (text == "text") {
    settings.log.format = LogFormat::text;
  } else if (text == "json") {
    settings.log.format = LogFormat::json;
  } else {
    return refuse("'" + text + "' is not text, json or auto");
  }
  return {};
}

Result<void> set_log_packets(Settings& settings, const Values& values) {
  if (auto filter = PacketFilter::parse(values); !filter) return refuse(filter.error().message);
  settings.log_packets = values;
  return {};
}

Result<void> set_node_name(Settings& settings, const Values& values) {
  const std::string& name = values.front();
  const bool visible = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > 100 || !visible)
    return refuse("'" + name + "' is not 1 to 100 visible ASCII characters without spaces");
  settings.node_name = name;
  return {};
}

Result<void> set_log_level(Settings& settings, const Values& values) {
  const auto level = observe::parse_level(values.front());
  if (!level) return refuse("'" + values.front() + "' is not debug, info, warn, error or off");
  settings.log.level = *level;
  return {};
}

}  // namespace togglecast::app
