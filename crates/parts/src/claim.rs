//! To whom a place belongs. A place that is not the data folder's own holds `workspace.json`, which names the
//! workspace, so that another one does not mix its rows with these.

use serde::{Deserialize, Serialize};

use crate::error::PartsError;
use crate::objects::Objects;

const FILE: &str = "workspace.json";
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    format: u32,
    workspace: String,
}

impl Objects {
    /// Takes the place for a workspace, if nobody has it yet. It also sees that the store keeps the one promise that
    /// everything stands on: that a file which must not be there yet is refused if it is.
    ///
    /// # Errors
    /// The place is another workspace's, can't be reached, or does not keep that promise.
    pub fn claim(&self, workspace: &str) -> Result<(), PartsError> {
        let damaged = |error: serde_json::Error| PartsError::damaged(FILE, error);
        if let Some(bytes) = self.get_if_there(FILE)? {
            let claim: Claim = serde_json::from_slice(&bytes).map_err(damaged)?;
            if claim.format != FORMAT {
                return Err(PartsError::UnknownFormat { path: FILE.to_owned(), format: claim.format });
            }
            if claim.workspace != workspace {
                return Err(PartsError::Claimed { place: self.to_string() });
            }
        }
        let claim = Claim { format: FORMAT, workspace: workspace.to_owned() };
        let bytes = serde_json::to_vec(&claim).map_err(|error| PartsError::Encode(error.to_string()))?;
        // The first is new or refused; the second must be refused.
        if self.put_new(FILE, bytes.clone().into())? && self.put_new(FILE, bytes.into())? {
            return Err(PartsError::Unconditional { place: self.to_string() });
        }
        Ok(())
    }
}
