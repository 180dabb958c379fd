#include "storage/postgres/connection/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <utility>

#include "storage/postgres/connection/hosts.hpp"

namespace togglecast::storage::postgres {
namespace {

constexpr int kBinary = 1;
constexpr std::chrono::seconds kRetryAfter{2};

Error unavailable(std::string message) { return {Errc::unavailable, std::move(message), {}, kRetryAfter}; }

// libpq's messages have several lines; the first one says what is wrong, a further one gives a hint.
std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
  return line.empty() ? "the connection was closed" : line;
}

bool begins(std::string_view state, std::string_view with) { return state.substr(0, with.size()) == with; }

// SQLSTATE, appendix A of PostgreSQL's manual.
Error describe(std::string_view state, std::string_view message) {
  const std::string said = first_line(message);
  if (state == "53100")
    return unavailable("the disk of the PostgreSQL server is full: " + said + "; make room there");
  if (state == "25006")
    return unavailable("the PostgreSQL server takes no writes (" + said +
                       "): it is a standby or read-only; let --store name the primary");
  if (state == "42501")
    return unavailable("PostgreSQL: " + said +
                       "; the user of --store needs this right, or must own the schema togglecast");
  if (state == "57014") return unavailable("PostgreSQL: " + said + " (--store-timeout)");
  if (state == "55P03")
    return unavailable("PostgreSQL: another server or session held a lock for too long (" + said + ")");
  if (begins(state, "08") || begins(state, "53") || begins(state, "57P") || begins(state, "40") ||
      begins(state, "58") || begins(state, "25") || begins(state, "28") || begins(state, "3D"))
    return unavailable("PostgreSQL: " + said);
  return {Errc::internal, "PostgreSQL: " + said + " (" + std::string(state) + ")", {}};
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

struct CloseOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, CloseOptions>;

std::string value_of(const PQconninfoOption* options, std::string_view keyword) {
  for (; options != nullptr && options->keyword != nullptr; ++options)
    if (keyword == options->keyword) return options->val == nullptr ? "" : options->val;
  return {};
}

// A password that is not escaped ends at its first slash, and a part of it is taken for the port.
bool is_port_list(const std::string& text) {
  return text.find_first_not_of("0123456789,") == std::string::npos;
}

bool names_password(const std::string& text) {
  const auto at = text.rfind('@');
  const auto scheme = text.find("://");
  const auto colon = scheme == std::string::npos ? std::string::npos : text.find(':', scheme + 3);
  return text.find("password") != std::string::npos ||
         (colon != std::string::npos && at != std::string::npos);
}

constexpr Milliseconds kLookUp{5'000};  // of one name

// The target comes after our defaults and wins over them; the addresses of its hosts come last.
constexpr std::array kKeywords{"fallback_application_name",
                               "connect_timeout",
                               "keepalives_idle",
                               "keepalives_interval",
                               "keepalives_count",
                               "tcp_user_timeout",
                               "dbname",
                               "client_encoding",
                               "host",
                               "hostaddr",
                               "port",
                               static_cast<const char*>(nullptr)};
using Values = std::array<const char*, kKeywords.size()>;

Values values_for(const Target& target, const Hosts& hosts) {
  const auto list = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  return {target.name.c_str(),
          "3",
          "15",
          "5",
          "3",
          "20000",
          target.text.c_str(),
          "UTF8",
          list(hosts.host),
          hosts.host.empty() ? nullptr : list(hosts.hostaddr),
          list(hosts.port),
          nullptr};
}

// What libpq finds elsewhere (PGHOST, a service file), it looks up itself.
Result<Hosts> hosts_of(const Target& target) {
  const Options options(PQconninfoParse(target.text.c_str(), nullptr));
  if (options == nullptr || !value_of(options.get(), "hostaddr").empty()) return Hosts{};
  return find_hosts(value_of(options.get(), "host"), value_of(options.get(), "port"),
                    [](const std::string& name) { return names::look_up(name, kLookUp); });
}

tl::unexpected<Error> unreachable(const Target& target, const std::string& why) {
  return tl::unexpected(
      unavailable("the PostgreSQL server " + shown(target.text) + " cannot be reached: " + why));
}

// Of TLS: the peer is there, and one of the two does not trust or want the other.
bool is_about_trust(std::string_view message) {
  return message.find("certificate") != std::string_view::npos ||
         (message.find("SSL") != std::string_view::npos && message.find("SYSCALL") == std::string_view::npos);
}

}  // namespace

bool is_target(const std::string& text) noexcept {
  return text.starts_with("postgresql://") || text.starts_with("postgres://") ||
         (text.find("://") == std::string::npos && text.find('=') != std::string::npos);
}

Result<void> check_target(const std::string& text) {
  char* complaint = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &complaint));
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(complaint, PQfreemem);
  if (options != nullptr && is_port_list(value_of(options.get(), "port"))) return {};
  // libpq quotes what it cannot read, and that may be a part of a password
  if (complaint == nullptr || names_password(text))
    return fail(Errc::invalid_argument,
                "it cannot be read as the place of a PostgreSQL database; letters such as @, : and / in a "
                "password must be written as %40, %3A and %2F, and PGPASSWORD or ~/.pgpass is a better "
                "place for it");
  return fail(Errc::invalid_argument, first_line(complaint));
}

std::string shown(const std::string& text) {
  char* complaint = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &complaint));
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(complaint, PQfreemem);
  if (options == nullptr) return "postgresql://";
  const std::string service = value_of(options.get(), "service"), user = value_of(options.get(), "user"),
                    port = value_of(options.get(), "port");
  std::string host = value_of(options.get(), "host");
  if (host.empty()) host = value_of(options.get(), "hostaddr");
  std::string url = "postgresql://" + (user.empty() ? "" : user + '@') + host;
  if (!port.empty()) url += ':' + port;
  url += '/' + value_of(options.get(), "dbname");
  if (!service.empty()) url += "?service=" + service;
  return url;
}

void Rows::Clear::operator()(pg_result* result) const noexcept { PQclear(result); }

int Rows::size() const noexcept { return PQntuples(result_.get()); }

std::int64_t Rows::integer(int row, int column) const noexcept {
  const std::string_view bytes = text(row, column);
  if (bytes.empty()) return 0;
  auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<signed char>(bytes[0])));
  for (const char byte : bytes.substr(1)) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

std::string_view Rows::text(int row, int column) const noexcept {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::affected() const noexcept {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Rows::command() const noexcept { return PQcmdStatus(result_.get()); }

void Connection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

Result<Connection> Connection::open(const Target& target) {
  const auto hosts = hosts_of(target);
  if (!hosts) return unreachable(target, hosts.error().message);
  pg_conn* raw = PQconnectdbParams(kKeywords.data(), values_for(target, *hosts).data(), 1);
  if (raw == nullptr) return fail(Errc::unavailable, "out of memory");
  Connection connection(raw, target);
  if (PQstatus(raw) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(raw);
    return unreachable(target, first_line(message));
  }
  PQsetnonblocking(raw, 1);
  // Notices such as "schema exists already" would go to stderr.
  PQsetNoticeReceiver(
      raw, [](void*, const PGresult*) {}, nullptr);
  return connection;
}

bool Connection::is_away(const Target& target) {
  const auto hosts = hosts_of(target);
  if (!hosts) return true;
  switch (PQpingParams(kKeywords.data(), values_for(target, *hosts).data(), 1)) {
    case PQPING_OK:  // it may refuse us all the same
    case PQPING_NO_ATTEMPT:
      return false;
    case PQPING_REJECT:
      return true;
    case PQPING_NO_RESPONSE:
      break;
  }
  const auto why = open(target);
  return !why && !is_about_trust(why.error().message);
}

bool Connection::is_lost() const noexcept { return lost_ || PQstatus(connection_.get()) != CONNECTION_OK; }

Error Connection::broken() {
  lost_ = true;
  return unavailable("the connection to the PostgreSQL server broke: " +
                     first_line(PQerrorMessage(connection_.get())));
}

Result<void> Connection::wait(Deadline deadline, bool writing) {
  pollfd one{PQsocket(connection_.get()), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const int ready = left <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return tl::unexpected(broken());
    if (std::chrono::steady_clock::now() < deadline) continue;
    lost_ = true;
    return tl::unexpected(
        unavailable("the PostgreSQL server does not answer in time, so its connection is given up"));
  }
}

Result<pg_result*> Connection::next(Deadline deadline) {
  pg_conn* connection = connection_.get();
  for (;;) {
    const int unsent = PQflush(connection);
    if (unsent < 0) return tl::unexpected(broken());
    if (unsent == 0 && PQisBusy(connection) == 0) return PQgetResult(connection);
    if (auto ready = wait(deadline, unsent > 0); !ready) return tl::unexpected(ready.error());
    if (PQconsumeInput(connection) == 0) return tl::unexpected(broken());
  }
}

Answers Connection::run(std::span<const Statement> statements, Milliseconds longest) {
  Answers answers;
  pg_conn* connection = connection_.get();
  const auto failed = [&] {
    answers.error = broken();
    return std::move(answers);
  };
  if (is_lost() || PQenterPipelineMode(connection) == 0) return failed();
  for (const Statement& statement : statements) {
    const auto& values = statement.parameters.values();
    std::vector<Oid> types;
    std::vector<const char*> bytes;
    std::vector<int> lengths;
    const std::vector<int> formats(values.size(), kBinary);
    for (const auto& value : values) {
      types.push_back(value.type);
      bytes.push_back(value.bytes.data());
      lengths.push_back(static_cast<int>(value.bytes.size()));
    }
    if (PQsendQueryParams(connection, statement.sql, static_cast<int>(values.size()), types.data(),
                          bytes.data(), lengths.data(), formats.data(), kBinary) == 0)
      return failed();
  }
  if (PQpipelineSync(connection) == 0) return failed();
  read_answers(statements, std::chrono::steady_clock::now() + longest, answers);
  if (!is_lost() && PQexitPipelineMode(connection) == 0) lost_ = true;
  return answers;
}

// Each statement answers one result and a null; at the end stands one for the whole.
void Connection::read_answers(std::span<const Statement> statements, Deadline deadline, Answers& answers) {
  for (std::size_t i = 0; i <= statements.size(); ++i) {
    bool more = true;
    while (more) {
      const auto result = next(deadline);
      if (!result) {
        if (!answers.error) answers.error = result.error();
        return;
      }
      if (*result == nullptr) {
        if (i == statements.size()) {
          if (!answers.error) answers.error = broken();
          return;
        }
        break;
      }
      Rows rows(*result);
      switch (PQresultStatus(*result)) {
        case PGRES_PIPELINE_SYNC:
          return;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
          if (!answers.error) answers.rows.push_back(std::move(rows));
          break;
        default:
          if (answers.error) break;
          answers.state = field(*result, PG_DIAG_SQLSTATE);
          if (answers.state.empty()) {  // libpq's own: the connection is gone
            answers.error = broken();
          } else {
            answers.error = describe(answers.state, field(*result, PG_DIAG_MESSAGE_PRIMARY));
            if (field(*result, PG_DIAG_SEVERITY_NONLOCALIZED) != "ERROR") lost_ = true;  // FATAL
          }
          if (is_lost()) return;
      }
    }
  }
}

Result<void> Connection::execute(const char* sql, Milliseconds longest) {
  if (is_lost() || PQsendQuery(connection_.get(), sql) == 0) return tl::unexpected(broken());
  const auto deadline = std::chrono::steady_clock::now() + longest;
  Result<void> outcome;
  for (;;) {
    const auto result = next(deadline);
    if (!result) return tl::unexpected(result.error());
    if (*result == nullptr) return outcome;
    const Rows rows(*result);
    const auto status = PQresultStatus(*result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) continue;
    if (outcome)
      outcome =
          tl::unexpected(describe(field(*result, PG_DIAG_SQLSTATE), field(*result, PG_DIAG_MESSAGE_PRIMARY)));
  }
}

Result<bool> Connection::is_pooled() {
  const Statement question{"SELECT pg_backend_pid()"};
  const auto answers = run({&question, 1}, target_.statement);
  if (answers.error) return tl::unexpected(*answers.error);
  return answers.rows[0].integer(0, 0) != PQbackendPID(connection_.get());
}

Result<bool> Connection::wait_for_notice(int wake, const std::function<void(std::string_view)>& on_notice) {
  for (;;) {
    bool any = false;
    while (PGnotify* raw = PQnotifies(connection_.get())) {
      const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notice(raw, PQfreemem);
      on_notice(notice->extra == nullptr ? std::string_view{} : std::string_view(notice->extra));
      any = true;
    }
    if (any) return true;
    std::array<pollfd, 2> both{pollfd{PQsocket(connection_.get()), POLLIN, 0}, pollfd{wake, POLLIN, 0}};
    if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) return tl::unexpected(broken());
    if (both[1].revents != 0) return false;
    if (both[0].revents != 0 && PQconsumeInput(connection_.get()) == 0) return tl::unexpected(broken());
  }
}

}  // namespace togglecast::storage::postgres
