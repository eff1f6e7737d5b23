// variables: names of environment variables that are not for everybody to set.

/** The bridge's own: its tokens are among them. No child ever gets one, but for the mark that it is a child. */
export function isOwnVariable(name: string): boolean {
  return /^MCP_BRIDGE_/i.test(name)
}

/**
 * Whoever sets one of these decides what code a program loads, runs or fetches, or whom it trusts: a client that may set
 * it for its own tool may do what it likes as the user who runs the bridge. Upper case: many are read in any.
 */
const STEERING = new RegExp(
  `^(?:${[
    // The dynamic loader and the C library.
    'LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN',
    // Where programs and their settings are found; shells.
    'PATH|PATHEXT|COMSPEC|SYSTEMROOT|WINDIR|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|XDG_.*|TMPDIR|TMP|TEMP',
    'SHELL|ENV|IFS|PS4|CDPATH|FPATH|ZDOTDIR|PROMPT_COMMAND|SHELLOPTS|BASHOPTS|BASH_.*|TERMINFO.*|TERMCAP',
    'EDITOR|VISUAL|PAGER|.*_PAGER|.*_EDITOR|.*_ASKPASS|SSH_AUTH_SOCK|LESSOPEN|LESSCLOSE|BROWSER',
    // JavaScript.
    'NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_.*|NODE_REPL_.*|NODE_V8_COVERAGE|NODE_COMPILE_CACHE|NODE_USE_.*',
    'NODE_REDIRECT_WARNINGS|NODE_ICU_DATA|ELECTRON_.*|TS_NODE_.*|TSX_.*|NPM_CONFIG_.*|PNPM_.*|YARN_.*|COREPACK_.*',
    'NVM_.*|DENO_.*|BUN_.*',
    // Python, Perl, Ruby, PHP, Lua, R, Julia.
    'PYTHON.*|PIP_.*|PIPX_.*|UV_.*|PYENV_.*|POETRY_.*|CONDA_.*|VIRTUAL_ENV|PERL.*|RUBYLIB|RUBYOPT|RUBYSHELL|GEM_HOME|GEM_PATH',
    'BUNDLE_.*|PHPRC|PHP_INI_.*|LUA_.*|R_PROFILE.*|R_ENVIRON.*|R_LIBS.*|R_HOME|JULIA_.*',
    // The JVM, .NET, Go, Rust.
    'JAVA_.*|_JAVA_OPTIONS|JDK_.*|CLASSPATH|MAVEN_OPTS|MAVEN_ARGS|GRADLE_OPTS|GRADLE_USER_HOME|DOTNET_.*|CORECLR_.*|COR_.*|COMPLUS_.*',
    'GO(?:FLAGS|PROXY|PRIVATE|NOPROXY|SUMDB|NOSUMDB|INSECURE|VCS|TOOLCHAIN|ROOT|PATH|BIN|ENV|DEBUG|CACHE|MODCACHE|TMPDIR|WORK|AUTH)',
    'CARGO_HOME|CARGO_BUILD_.*|RUSTUP_.*|RUSTC.*|RUSTFLAGS|RUSTDOC.*',
    // git; browsers that tools drive; clients that run what their settings say.
    'GIT_(?:SSH.*|.*EXEC.*|CONFIG.*|PROXY.*|EXTERNAL_.*|DIR|WORK_TREE|COMMON_DIR|OBJECT_.*|ALTERNATE_.*|INDEX_FILE)',
    'GIT_(?:TEMPLATE_DIR|ALLOW_.*|PROTOCOL.*|SSL_.*|TRACE.*|ATTR_.*|NAMESPACE)',
    'PLAYWRIGHT_.*|PUPPETEER_.*|CHROME_(?:PATH|BIN|FLAGS)|DOCKER_(?:HOST|CONFIG|CERT_PATH|TLS.*|CONTEXT)|KUBECONFIG|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|AWS_CA_BUNDLE',
    // Whom it trusts, and through whom it goes.
    '.*_PROXY|SSL_CERT_.*|SSLKEYLOGFILE|OPENSSL_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|CURL_HOME',
  ].join('|')})$`,
)

/** Not for a client to set. */
export function isSteering(name: string): boolean {
  return STEERING.test(name.toUpperCase())
}
