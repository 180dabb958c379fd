#include "app/settings.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <functional>

#include "web/trusted_proxies.hpp"

namespace togglecast::app {
namespace {

using Values = std::vector<std::string>;

tl::unexpected<Error> refuse(std::string message) { return fail(Errc::invalid_argument, std::move(message)); }

template <typename Number>
Result<Number> number(const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < least ||
      value > most)
    return refuse("'" + text + "' is not a number from " + std::to_string(least) + " to " +
                  std::to_string(most));
  return static_cast<Number>(value);
}

template <typename Number>
Result<void> set_number(Number& into, const std::string& text, std::uint64_t least, std::uint64_t most) {
  return number<Number>(text, least, most).map([&](Number value) { into = value; });
}

bool is_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  return !error;
}

// Whether who listens on `all` cannot listen on `one` as well: the same address, or all of its family.
bool includes(const std::string& all, const std::string& one) {
  const auto wide = boost::asio::ip::make_address(all), narrow = boost::asio::ip::make_address(one);
  return wide == narrow || (wide.is_unspecified() && wide.is_v4() == narrow.is_v4());
}

Result<void> set_listen(Settings& settings, const Values& values) {
  for (const std::string& address : values)
    if (!is_address(address))
      return refuse("'" + address + "' is not a numeric address, such as 192.0.2.1, 0.0.0.0 or ::");
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

// `*`, or scheme://host[:port] as browsers send it: in lower case, without the port that the scheme implies;
// `null` is what pages send that have no origin.
Result<std::string> read_origin(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (text == "*" || text == "null") return text;
  if (text.find('*') != std::string::npos)
    return refuse("'" + text + "' is a pattern: name each origin by itself, or allow all with a lone *");
  const std::size_t host = text.find("://");
  const bool plain = host != std::string::npos && host > 0 && host + 3 < text.size() &&
                     text.find_first_of("/?#@ \"<>", host + 3) == std::string::npos;
  if (!plain)
    return refuse("'" + text +
                  "' is not an origin, such as https://app.example, without a path or a final /");
  const std::string_view implied = text.starts_with("https://") ? ":443" : ":80";
  if (text.starts_with("http") && text.ends_with(implied)) text.resize(text.size() - implied.size());
  return text;
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

Result<void> set_proxies(Settings& settings, const Values& values) {
  if (auto blocks = web::TrustedProxies::parse(values); !blocks) return tl::unexpected(blocks.error());
  settings.trusted_proxies = values;
  return {};
}

Result<void> set_metrics_listen(Settings& settings, const Values& values) {
  const std::string& text = values.front();
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (colon == std::string::npos || !is_address(address))
    return refuse("'" + text + "' is not an address with a port, such as 127.0.0.1:9100 or [::1]:9100");
  const auto port = number<std::uint16_t>(text.substr(colon + 1), 0, 65'535);
  if (!port) return tl::unexpected(port.error());
  settings.metrics_listen = Endpoint{std::move(address), *port};
  return {};
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
    return refuse("'" + text + "' is none of text, json and auto");
  }
  return {};
}

Result<void> set_log_level(Settings& settings, const Values& values) {
  const auto level = observe::parse_level(values.front());
  if (!level) return refuse("'" + values.front() + "' is none of debug, info, warn, error and off");
  settings.log.level = *level;
  return {};
}

Result<void> set_switch(bool& into, const Values& values) {
  const std::string& text = values.front();
  if (text != "on" && text != "off" && text != "true" && text != "false")
    return refuse("'" + text + "' is neither on nor off");
  into = text == "on" || text == "true";
  return {};
}

Result<void> set_rate(double& into, const Values& values) {
  const auto rate = number<std::uint64_t>(values.front(), 1, 1'000'000);
  if (!rate) return tl::unexpected(rate.error());
  into = static_cast<double>(*rate);
  return {};
}

constexpr OptionSpec kOptions[] = {
    {"data", "FOLDER", "Folder that keeps everything; made when missing [data]", false,
     [](Settings& settings, const Values& values) -> Result<void> {
       if (values.front().empty()) return refuse("the name of the data folder is empty");
       settings.data = values.front();
       return {};
     }},
    {"port", "PORT", "Port to listen on; 0 takes a free one [5001]", false,
     [](Settings& settings, const Values& values) {
       return set_number(settings.port, values.front(), 0, 65'535);
     }},
    {"listen", "ADDRESS", "Numeric address to listen on, may be repeated [127.0.0.1 and ::1]", true,
     set_listen},
    {"shards", "COUNT", "Threads that serve connections; 0 takes one per core [0]", false,
     [](Settings& settings, const Values& values) {
       return set_number(settings.shards, values.front(), 0,
                         256);  // a session's id names its shard in one byte
     }},
    {"cors-origin", "ORIGIN", "Origin whose pages may connect, may be repeated; * allows all [none]", true,
     set_origins},
    {"trusted-proxy", "CIDR", "Proxy whose Forwarded headers are believed, may be repeated [none]", true,
     set_proxies},
    {"metrics-listen", "ADDRESS:PORT", "Serve /metrics and health here without a token [off]", false,
     set_metrics_listen},
    {"tls-certificate", "FILE",
     "Serve HTTPS with this certificate and its chain, in PEM; read again at SIGHUP [off]", false,
     [](Settings& settings, const Values& values) -> Result<void> {
       settings.tls_certificate = values.front();
       return {};
     }},
    {"tls-key", "FILE", "Private key of the certificate, in PEM without a passphrase [off]", false,
     [](Settings& settings, const Values& values) -> Result<void> {
       settings.tls_key = values.front();
       return {};
     }},
    {"log-format", "FORMAT", "text, json, or auto: text on a terminal [auto]", false, set_log_format},
    {"log-level", "LEVEL", "debug, info, warn, error or off [info]", false, set_log_level},
    {"max-payload", "BYTES", "Largest message and largest request body [65536]", false,
     [](Settings& settings, const Values& values) {
       return set_number(settings.max_payload, values.front(), 1'024, 64 << 20);
     }},
    {"websocket-compression", "on|off", "Compress WebSocket messages for clients that offer it [off]", false,
     [](Settings& settings, const Values& values) {
       return set_switch(settings.websocket_compression, values);
     }},
    {"connections-per-address", "COUNT",
     "Open connections of one address other than this machine and proxies [5000]", false,
     [](Settings& settings, const Values& values) {
       return set_number(settings.connections_per_address, values.front(), 1, 1'000'000);
     }},
    {"connection-rate", "COUNT", "New connections a second of one address [200]", false,
     [](Settings& settings, const Values& values) {
       return set_rate(settings.connection_rate.per_second, values);
     }},
    {"connection-burst", "COUNT", "New connections of one address at once [2000]", false,
     [](Settings& settings, const Values& values) {
       return set_rate(settings.connection_rate.burst, values);
     }},
    {"write-rate", "COUNT", "Changes a second by one admin over HTTP [10]", false,
     [](Settings& settings, const Values& values) {
       return set_rate(settings.write_rate.per_second, values);
     }},
    {"write-burst", "COUNT", "Changes of one admin at once [30]", false,
     [](Settings& settings, const Values& values) { return set_rate(settings.write_rate.burst, values); }},
    {"sync-window", "SECONDS", "A config_sync to many connections is spread over it [30]", false,
     [](Settings& settings, const Values& values) -> Result<void> {
       return number<std::int64_t>(values.front(), 0, 3'600).map([&](std::int64_t seconds) {
         settings.sync_window = std::chrono::seconds{seconds};
       });
     }},
    {"stop-timeout", "SECONDS", "Longest time a clean stop may take [10]", false,
     [](Settings& settings, const Values& values) -> Result<void> {
       return number<std::int64_t>(values.front(), 1, 3'600).map([&](std::int64_t seconds) {
         settings.stop_timeout = std::chrono::seconds{seconds};
       });
     }},
    {"demo", "", "Fill an empty catalogue with an example: a shop platform and its customers", false,
     [](Settings& settings, const Values& values) { return set_switch(settings.demo, values); }},
};

bool metrics_port_is_taken(const Settings& settings) {
  const auto& metrics = settings.metrics_listen;
  if (!metrics || metrics->port == 0 || metrics->port != settings.port) return false;
  const Values own = settings.listen.empty() ? Values{"127.0.0.1", "::1"} : settings.listen;
  return std::any_of(own.begin(), own.end(), [&](const std::string& address) {
    return includes(address, metrics->address) || includes(metrics->address, address);
  });
}

}  // namespace

std::span<const OptionSpec> options() noexcept { return kOptions; }

const OptionSpec* find_option(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [name](const OptionSpec& option) { return option.name == name; });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string variable_of(std::string_view option) {
  std::string variable = "TOGGLECAST_";
  for (const char c : option)
    variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return variable;
}

RawSettings read_environment(const std::function<const char*(const char*)>& lookup) {
  RawSettings found;
  for (const OptionSpec& option : kOptions) {
    const std::string variable = variable_of(option.name);
    const char* value = lookup(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    RawSetting setting{{}, variable};
    std::string_view rest = value;
    while (option.list && rest.find(',') != std::string_view::npos) {
      setting.values.emplace_back(rest.substr(0, rest.find(',')));
      rest.remove_prefix(rest.find(',') + 1);
    }
    setting.values.emplace_back(rest);
    found.emplace(option.name, std::move(setting));
  }
  return found;
}

Result<Settings> read_settings(const RawSettings& flags, const RawSettings& environment,
                               const RawSettings& file) {
  Settings settings;
  for (const OptionSpec& option : kOptions) {
    const RawSetting* said = nullptr;
    for (const RawSettings* source : {&file, &environment, &flags}) {
      const auto found = source->find(option.name);
      if (found != source->end()) said = &found->second;
    }
    if (said == nullptr) continue;
    if (!option.list && said->values.size() != 1) return refuse(said->source + ": takes one value");
    if (auto ok = option.apply(settings, said->values); !ok)
      return refuse(said->source + ": " + ok.error().message);
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    const bool certificate_alone = settings.tls_key.empty();
    return refuse(certificate_alone ? "--tls-certificate needs --tls-key beside it"
                                    : "--tls-key needs --tls-certificate beside it");
  }
  if (metrics_port_is_taken(settings))
    return refuse("--metrics-listen needs a port of its own, other than " + std::to_string(settings.port));
  return settings;
}

}  // namespace togglecast::app
