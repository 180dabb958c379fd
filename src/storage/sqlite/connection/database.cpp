#include "storage/sqlite/connection/database.hpp"

#include <sqlite3.h>

#include <system_error>
#include <utility>

namespace togglecast::storage::sqlite {
namespace {

Error describe(int code, const std::string& path, const std::string& message) {
  const std::string where = "the database " + path;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Errc::unavailable, "the disk is full: " + where + " cannot grow; make room and try again"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::unavailable, where + " is read-only; check the rights of the folder and its files"};
    case SQLITE_CANTOPEN:
      if (code == SQLITE_CANTOPEN_SYMLINK)
        return {Errc::unavailable, where + " is a symbolic link; put the file itself into the data folder"};
      return {Errc::unavailable, where + " cannot be opened: " + message};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::unavailable, where + " is locked by another program; close it and try again"};
    case SQLITE_IOERR:
      return {Errc::unavailable, where + " cannot be read or written: " + message + "; check the disk"};
    case SQLITE_NOTADB:
      return {Errc::internal,
              where + " is not a database; restore it from a backup or choose another --data"};
    case SQLITE_CORRUPT:
      return {Errc::internal, where + " is damaged: " + message + "; restore it from a backup"};
    default:
      return {Errc::internal, where + ": " + message};
  }
}

// The last errno of the write-ahead log, or else of the database file; 0 without an error.
int last_errno(sqlite3* handle) {
  int error = 0;
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(handle, nullptr, SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
      log != nullptr && log->pMethods != nullptr)
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  if (error == 0) sqlite3_file_control(handle, nullptr, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

// The folder may be a symbolic link, the file may not (SQLITE_OPEN_NOFOLLOW).
std::string uri_of(const std::filesystem::path& path, bool without_wal) {
  std::error_code ignored;
  const auto folder = std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : ".", ignored);
  std::string uri = "file:";
  for (const char c : (ignored ? path : folder / path.filename()).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
    } else {
      uri += c;
    }
  }
  return without_wal ? uri + "?immutable=1" : uri;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, index, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  if (text.data() == nullptr) text = "";  // an empty text, not NULL
  const int code =
      sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const int code = sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) return tl::unexpected(database_->error(bind_error_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(database_->error(code));
}

Result<void> Statement::run() {
  return step().map([](bool) {});
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes == nullptr
             ? std::string_view{}
             : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes == nullptr
             ? std::string_view{}
             : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

void Database::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::filesystem::path& path, const DatabaseOptions& options) {
  sqlite3* raw = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI;
  const int code = sqlite3_open_v2(uri_of(path, options.without_wal).c_str(), &raw, flags, nullptr);
  Database database(std::unique_ptr<sqlite3, Close>(raw), path.string());
  if (code != SQLITE_OK) return tl::unexpected(database.error(code));
  if (options.unfinished) sqlite3_db_config(raw, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, nullptr);
  sqlite3_busy_timeout(raw, 5'000);
  for (const char* pragma : {"PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL",
                             "PRAGMA trusted_schema = OFF", "PRAGMA journal_size_limit = 67108864"})
    if (auto done = database.execute(pragma); !done) return tl::unexpected(done.error());
  if (options.max_pages > 0) {
    const std::string pragma = "PRAGMA max_page_count = " + std::to_string(options.max_pages);
    if (auto done = database.execute(pragma.c_str()); !done) return tl::unexpected(done.error());
  }
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : cache_) sqlite3_finalize(statement);
}

Error Database::error(int code) const {
  std::string message = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get());
  const int system = handle_ != nullptr && (code & 0xff) == SQLITE_IOERR ? last_errno(handle_.get()) : 0;
  if (system != 0) message += " (" + std::system_category().message(system) + ")";
  return describe(code, path_, message);
}

void Database::keep_wal() noexcept {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code));
  return {};
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt*& statement = cache_[sql];
  if (statement == nullptr) {
    const int code =
        sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return tl::unexpected(error(code));
  }
  return Statement(*this, statement);
}

Result<std::int64_t> Database::query_integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

bool Database::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }

Result<Transaction> Transaction::begin(Database& database, const char* begin) {
  if (auto done = database.execute(begin); !done) return tl::unexpected(done.error());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr && database_->in_transaction()) std::ignore = database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() { return database_->execute("COMMIT"); }

}  // namespace togglecast::storage::sqlite
