/// Why a file cannot be read on, or at all. What is wrong with a single row is a
/// [`Rejection`](crate::Rejection).
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("the mapping cannot be read: {0}")]
    Syntax(String),
    /// Everything that is wrong with a mapping, at once.
    #[error("the mapping does not fit: {}", .0.join("; "))]
    Mapping(Vec<String>),
    #[error("the header cannot be read: {0}")]
    Header(String),
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    #[error(
        "gathering scattered rows takes more than {0} bytes of memory; sort the file by the columns in \
         `group_rows_by` and leave out `scattered`, or raise `import_buffer_bytes_max`"
    )]
    BufferFull(usize),
}
